/** The counters and recorders of one run; every exchange reports here when something happens to it. */
import type { AnswerUsage } from '#/loadgen/answer-usage.ts'
import { LatencyRecorder } from '#/loadgen/latency-recorder.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'

/** How a request ended: `failed: ...` carries the kind. */
export type Outcome = 'ok' | 'incomplete' | 'aborted' | { readonly failed: string }

/** The times of a finished request, ms on the monotonic clock. */
export interface ExchangeTimes {
  readonly scheduledAtMs: number
  readonly sentAtMs: number
  readonly firstByteAtMs: number
  readonly firstContentAtMs: number
  readonly endedAtMs: number
}

/** More names than this are a header with something else in it. */
const MAX_ENDPOINT_NAMES = 1024

export class LoadMeasurements {
  readonly #firstByte = new LatencyRecorder()
  readonly #ttft = new LatencyRecorder()
  readonly #itl = new LatencyRecorder()
  readonly #e2e = new LatencyRecorder()
  readonly #lateness = new LatencyRecorder()
  readonly #failures = new Map<string, number>()
  readonly #endpoints = new Map<string, number>()
  readonly #usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
  #firstBadAnswer: string | undefined
  #sent = 0
  #ok = 0
  #failed = 0
  #incomplete = 0
  #aborted = 0
  #windowOpen = false
  #windowRequests = 0
  #windowEvents = 0
  #windowBytes = 0

  /** Failed and incomplete requests so far. */
  get bad(): number {
    return this.#failed + this.#incomplete
  }

  get windowRequests(): number {
    return this.#windowRequests
  }

  get windowEvents(): number {
    return this.#windowEvents
  }

  openWindow(): void {
    this.#windowOpen = true
  }

  closeWindow(): void {
    this.#windowOpen = false
  }

  /** A request became due that counts in the latencies. */
  due(): void {
    this.#sent++
  }

  bytes(sizeBytes: number): void {
    if (this.#windowOpen) this.#windowBytes += sizeBytes
  }

  event(): void {
    if (this.#windowOpen) this.#windowEvents++
  }

  gap(durationMs: number): void {
    this.#itl.record(durationMs)
  }

  badAnswer(text: string): void {
    this.#firstBadAnswer ??= text
  }

  /** Every request that ends, counted or not. */
  ended(): void {
    if (this.#windowOpen) this.#windowRequests++
  }

  /** A request ended that counts in the latencies. */
  finished(outcome: Outcome, times: ExchangeTimes, usage: AnswerUsage | undefined, endpoint: string | undefined): void {
    this.#lateness.record(times.sentAtMs - times.scheduledAtMs)
    if (outcome === 'aborted') this.#aborted++
    else if (outcome === 'incomplete') this.#incomplete++
    else if (outcome === 'ok') this.#succeeded(times, usage, endpoint)
    else {
      this.#failed++
      increment(this.#failures, outcome.failed)
    }
  }

  #succeeded(times: ExchangeTimes, usage: AnswerUsage | undefined, endpoint: string | undefined): void {
    this.#ok++
    this.#firstByte.record(times.firstByteAtMs - times.scheduledAtMs)
    this.#ttft.record(times.firstContentAtMs - times.scheduledAtMs)
    this.#e2e.record(times.endedAtMs - times.scheduledAtMs)
    if (usage !== undefined) {
      this.#usage.promptTokens += usage.promptTokens
      this.#usage.cachedTokens += usage.cachedTokens
      this.#usage.completionTokens += usage.completionTokens
    }
    if (endpoint !== undefined && (this.#endpoints.has(endpoint) || this.#endpoints.size < MAX_ENDPOINT_NAMES))
      increment(this.#endpoints, endpoint)
  }

  result(
    windowSeconds: number,
  ): Pick<LoadResult, 'requests' | 'failures' | 'firstBadAnswer' | 'perSecond' | 'latencyMs' | 'usage' | 'endpoints'> {
    const done = this.#ok + this.#failed + this.#incomplete + this.#aborted
    return {
      requests: {
        sent: this.#sent,
        ok: this.#ok,
        failed: this.#failed,
        incompleteStreams: this.#incomplete,
        aborted: this.#aborted,
        unfinished: this.#sent - done,
      },
      failures: Object.fromEntries(this.#failures),
      ...(this.#firstBadAnswer === undefined ? {} : { firstBadAnswer: this.#firstBadAnswer }),
      perSecond: {
        requests: perSecond(this.#windowRequests, windowSeconds),
        events: perSecond(this.#windowEvents, windowSeconds),
        answerBytes: perSecond(this.#windowBytes, windowSeconds),
      },
      latencyMs: {
        ...summaryOf('firstByte', this.#firstByte),
        ...summaryOf('ttft', this.#ttft),
        ...summaryOf('itl', this.#itl),
        ...summaryOf('e2e', this.#e2e),
        ...summaryOf('lateness', this.#lateness),
      },
      usage: { ...this.#usage },
      endpoints: Object.fromEntries([...this.#endpoints].sort(([a], [b]) => (a < b ? -1 : 1))),
    }
  }
}

function summaryOf(name: keyof LoadResult['latencyMs'], recorder: LatencyRecorder): LoadResult['latencyMs'] {
  const summary = recorder.summary()
  return summary === undefined ? {} : { [name]: summary }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function perSecond(count: number, seconds: number): number {
  return seconds === 0 ? 0 : count / seconds
}
