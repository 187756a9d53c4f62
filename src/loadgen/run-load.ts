/**
 * Runs load. Open loop: requests are due when the arrivals say so, however slow the answers are, and latency counts from that moment, so
 * that a stall shows in every request it delayed. A run has three parts: warm-up, measured window, drain (the window's requests are waited for).
 */
import { HttpClient, type Flight } from '#/loadgen/http-client.ts'
import { LoadExchange } from '#/loadgen/load-exchange.ts'
import { LoadMeasurements, type Outcome } from '#/loadgen/load-measurements.ts'
import type { LoadOptions, LoadProgress } from '#/loadgen/load-options.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'
import { Pacer } from '#/loadgen/pacer.ts'
import { UsageWindow, type WindowUsage } from '#/loadgen/usage-window.ts'
import type { PlannedRequest } from '#/loadgen/workload.ts'

/** Requests that time out, memory and progress are looked at this often. */
const SWEEP_INTERVAL_MS = 200

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  return await new LoadRun(options).run()
}

interface DueRequest {
  readonly scheduledAtMs: number
  readonly request: PlannedRequest
}

class LoadRun {
  readonly #options: LoadOptions
  readonly #clients: readonly HttpClient[]
  readonly #heads: readonly string[]
  readonly #endpointField: RegExp | undefined
  readonly #measurements = new LoadMeasurements()
  readonly #flights = new Map<LoadExchange, Flight>()
  readonly #waiting: DueRequest[] = []
  readonly #timers: NodeJS.Timeout[] = []
  readonly #finished = Promise.withResolvers<void>()
  #pacer: Pacer | undefined
  #phase: LoadProgress['phase'] = 'warm-up'
  #startedAtMs = 0
  #nextDueAtMs: number | undefined
  #dueCount = 0
  #sentCount = 0
  #peakInFlight = 0
  /** No further request will become due. */
  #isExhausted = false
  #isOver = false
  #isInterrupted = false
  #window: { readonly startedAtMs: number; readonly usage: UsageWindow } | undefined
  #windowSeconds = 0
  #windowUsage: WindowUsage = { processes: {}, machine: null }

  constructor(options: LoadOptions) {
    this.#options = options
    this.#clients = options.targets.map((target) => new HttpClient(target))
    this.#heads = options.targets.map(({ basePath, authority }) =>
      [
        `POST ${basePath}${options.path} HTTP/1.1`,
        `host: ${authority}`,
        'user-agent: headgate-bench',
        'accept: */*',
        'content-type: application/json',
        ...options.headers,
        'content-length: ',
      ].join('\r\n'),
    )
    if (options.endpointHeader !== undefined)
      this.#endpointField = new RegExp(`\\r\\n${RegExp.escape(options.endpointHeader)}:[ \\t]*([^\\r]*)`, 'i')
  }

  async run(): Promise<LoadResult> {
    const { shape, warmupMs, durationMs, signal } = this.#options
    if (shape.loop === 'open') this.#pacer = await Pacer.start(() => this.#pump())
    this.#timers.push(setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS))
    const interrupt = (): void => {
      this.#isInterrupted = true
      this.#finish()
    }
    signal?.addEventListener('abort', interrupt)
    this.#startedAtMs = performance.now()
    if (warmupMs === 0) this.#openWindow()
    else this.#timers.push(setTimeout(() => this.#openWindow(), warmupMs))
    if (durationMs !== Infinity) this.#timers.push(setTimeout(() => this.#drain(), warmupMs + durationMs))
    if (shape.loop === 'open') {
      this.#advance()
      this.#pump()
    } else for (let i = 0; i < shape.inFlight; i++) this.#offer(performance.now())
    if (signal?.aborted === true) interrupt()
    await this.#finished.promise
    signal?.removeEventListener('abort', interrupt)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const client of this.#clients) client.close()
    await this.#pacer?.close()
    return this.#result()
  }

  /** Open loop: sends what is due and orders the next wake-up. */
  #pump(): void {
    if (this.#isOver || this.#phase === 'draining') return
    this.#offerDue(performance.now())
    if (this.#nextDueAtMs !== undefined) this.#pacer?.wakeAfter(this.#nextDueAtMs - performance.now())
    this.#finishIfDone()
  }

  #offerDue(untilMs: number): void {
    while (this.#nextDueAtMs !== undefined && this.#nextDueAtMs < untilMs) {
      this.#offer(this.#nextDueAtMs)
      this.#advance()
    }
  }

  #advance(): void {
    const { shape } = this.#options
    const atMs = this.#isExhausted || shape.loop === 'closed' ? undefined : shape.arrivals.next()
    this.#nextDueAtMs = atMs === undefined ? undefined : this.#startedAtMs + atMs
    if (atMs === undefined) this.#isExhausted = true
  }

  /** A request is due: it is sent, or waits for a free place. */
  #offer(scheduledAtMs: number): void {
    const { shape, maxRequests, workload } = this.#options
    const request = this.#isExhausted || this.#dueCount >= maxRequests ? undefined : workload.next()
    if (request === undefined) {
      this.#isExhausted = true
      return
    }
    this.#dueCount++
    this.#isExhausted = this.#dueCount >= maxRequests
    if (this.#isMeasured(scheduledAtMs)) this.#measurements.due()
    if (shape.loop === 'open' && this.#flights.size >= shape.maxInFlight) this.#waiting.push({ scheduledAtMs, request })
    else this.#send({ scheduledAtMs, request })
  }

  #isMeasured(scheduledAtMs: number): boolean {
    const windowAtMs = this.#startedAtMs + this.#options.warmupMs
    return scheduledAtMs >= windowAtMs && scheduledAtMs < windowAtMs + this.#options.durationMs
  }

  #send({ scheduledAtMs, request }: DueRequest): void {
    const target = this.#sentCount++ % this.#clients.length
    const head = `${this.#heads[target]!}${request.bodyBytes}\r\n\r\n`
    const message = Buffer.allocUnsafe(head.length + request.bodyBytes)
    request.write(message, message.write(head, 'latin1'))
    const exchange = new LoadExchange({
      scheduledAtMs,
      measured: this.#isMeasured(scheduledAtMs),
      stream: this.#options.stream,
      endpointField: this.#endpointField,
      measurements: this.#measurements,
      onEnd: () => this.#ended(exchange),
    })
    this.#flights.set(exchange, this.#clients[target]!.send(message, exchange))
    this.#peakInFlight = Math.max(this.#peakInFlight, this.#flights.size)
    const { abort } = this.#options
    if (abort !== undefined && abort.rng.next() < abort.share) setTimeout(() => this.#giveUp(exchange, 'aborted'), abort.afterMs).unref()
  }

  #giveUp(exchange: LoadExchange, outcome: Outcome): void {
    this.#flights.get(exchange)?.abort()
    exchange.giveUp(outcome)
  }

  #ended(exchange: LoadExchange): void {
    this.#flights.delete(exchange)
    if (this.#isOver) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) this.#send(waiting)
    else if (this.#options.shape.loop === 'closed' && this.#phase !== 'draining') this.#offer(performance.now())
    this.#finishIfDone()
  }

  #sweep(): void {
    const nowMs = performance.now()
    for (const exchange of this.#flights.keys()) {
      // In the order of sending: the first that is young enough ends the search.
      if (nowMs - exchange.sentAtMs < this.#options.timeoutMs) break
      this.#giveUp(exchange, { failed: 'timeout' })
    }
    this.#window?.usage.sample()
    this.#options.onProgress?.({
      phase: this.#phase,
      elapsedMs: nowMs - this.#startedAtMs,
      endedRequests: this.#sentCount - this.#flights.size,
      inFlight: this.#flights.size,
      waiting: this.#waiting.length,
      bad: this.#measurements.bad,
    })
  }

  #openWindow(): void {
    if (this.#isOver) return
    this.#phase = 'measuring'
    this.#window = { startedAtMs: performance.now(), usage: new UsageWindow(this.#options.pids) }
    this.#measurements.openWindow()
  }

  #closeWindow(): void {
    if (this.#window === undefined) return
    this.#measurements.closeWindow()
    this.#windowSeconds = (performance.now() - this.#window.startedAtMs) / 1000
    this.#windowUsage = this.#window.usage.close(this.#measurements.windowRequests, this.#measurements.windowEvents)
    this.#window = undefined
  }

  #drain(): void {
    if (this.#isOver) return
    // Also what a busy event loop has not come round to.
    this.#offerDue(this.#startedAtMs + this.#options.warmupMs + this.#options.durationMs)
    this.#closeWindow()
    this.#phase = 'draining'
    this.#isExhausted = true
    this.#timers.push(setTimeout(() => this.#finish(), this.#options.drainMs))
    this.#finishIfDone()
  }

  #finishIfDone(): void {
    if (this.#isExhausted && this.#flights.size === 0 && this.#waiting.length === 0) this.#finish()
  }

  #finish(): void {
    this.#isOver = true
    this.#closeWindow()
    this.#finished.resolve()
  }

  #result(): LoadResult {
    return {
      loop: this.#options.shape.loop,
      windowSeconds: this.#windowSeconds,
      interrupted: this.#isInterrupted,
      peakInFlight: this.#peakInFlight,
      ...this.#measurements.result(this.#windowSeconds),
      ...this.#windowUsage,
    }
  }
}
