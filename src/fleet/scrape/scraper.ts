/**
 * Keeps the scraped columns, the adapters and the readiness of every endpoint up to date. One scheduler for all of them: what is due is
 * started, a bounded number at a time. A slow or broken endpoint costs the others no more than its place among those, for a second.
 */
import { Agenda } from '#/fleet/scrape/agenda.ts'
import type { EngineMapping } from '#/fleet/scrape/engine-mapping.ts'
import { ENGINE_MAPPINGS } from '#/fleet/scrape/engine-mappings.ts'
import type { HttpGet } from '#/fleet/scrape/http-get.ts'
import { commitPage, noteRestart } from '#/fleet/scrape/page-commit.ts'
import { compilePagePlan, scrapedKeys } from '#/fleet/scrape/page-plan.ts'
import type { PagePlan } from '#/fleet/scrape/page-plan.ts'
import { PageScanner } from '#/fleet/scrape/page-scanner.ts'
import { ScrapeExchange } from '#/fleet/scrape/scrape-exchange.ts'
import type { ScrapeOutcome } from '#/fleet/scrape/scrape-exchange.ts'
import type { ScrapeObserver } from '#/fleet/scrape/scrape-observer.ts'
import { busyDueAtMs, IDLE_INTERVAL_MS, intervalMsOf, MIN_INTERVAL_MS, onIdleGrid, retryDelayMs } from '#/fleet/scrape/scrape-pace.ts'
import { createScrapeTarget } from '#/fleet/scrape/scrape-target.ts'
import type { ScrapeTarget } from '#/fleet/scrape/scrape-target.ts'
import { StartQueue } from '#/fleet/scrape/start-queue.ts'
import type { AdapterTable } from '#/fleet/state/adapter-table.ts'
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Endpoint, EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'
import type { Rng } from '#/lib/rng.ts'
import type { DataKey } from '#/sdk/data-key.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

/** For connecting and the whole answer. */
const TIMEOUT_MS = 1000
const MAX_IN_FLIGHT = 64

export interface ScraperOptions {
  readonly endpoints: EndpointTable
  readonly columns: ColumnStore
  readonly adapters: AdapterTable
  /** Stays the caller's: to be closed after the scraper, and shared with nobody. */
  readonly http: HttpGet
  readonly clock: Clock
  readonly rng: Rng
  /** See `setConsumed`. */
  readonly consumed: ReadonlySet<DataKey>
  readonly mappings?: readonly EngineMapping[]
  readonly observer?: ScrapeObserver
}

export class Scraper implements AsyncDisposable {
  readonly #options: ScraperOptions
  readonly #clock: Clock
  readonly #endpoints: EndpointTable
  readonly #mappings: readonly EngineMapping[]
  readonly #agenda: Agenda
  /** Indexed by slot. */
  readonly #targets: (ScrapeTarget | undefined)[] = []
  readonly #queue = new StartQueue<ScrapeTarget>(MAX_IN_FLIGHT, (target) => this.#start(target))
  /** Undefined: nobody reads anything, endpoints are only probed. */
  #plan: PagePlan | undefined
  /** Of the present plan. */
  #idleScanners: PageScanner[] = []
  #unsubscribe: (() => void) | undefined

  constructor(options: ScraperOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#endpoints = options.endpoints
    this.#mappings = options.mappings ?? ENGINE_MAPPINGS
    this.#agenda = new Agenda(options.clock, (slot) => this.#due(slot))
    this.setConsumed(options.consumed)
  }

  /** Follows the endpoint table from here on. An endpoint is first scraped at once. */
  start(): void {
    this.#unsubscribe = this.#endpoints.subscribe({
      added: (endpoint) => this.#add(endpoint),
      removed: (endpoint) => this.#remove(endpoint),
    })
    for (const endpoint of this.#endpoints.all()) this.#add(endpoint)
  }

  /** The keys that somebody reads. Nothing else is kept; with none that a scrape could fill, endpoints are only probed for health. */
  setConsumed(keys: ReadonlySet<DataKey>): void {
    const wanted = !keys.isDisjointFrom(scrapedKeys(this.#mappings))
    this.#plan = wanted ? compilePagePlan(this.#mappings, keys, this.#options.columns) : undefined
    this.#idleScanners = []
  }

  /** A request started or ended on the endpoint. Hot path. */
  noteActivity(slot: number): void {
    const target = this.#targets[slot]
    if (target === undefined) return
    const nowMs = this.#clock.nowMs()
    target.lastActivityAtMs = nowMs
    target.events++
    if (target.exchange !== undefined || !target.followsTraffic) return
    const dueAtMs = busyDueAtMs(target)
    if (dueAtMs < this.#agenda.timeOf(slot)) this.#agenda.set(slot, dueAtMs)
  }

  /** The data path could not connect. Probed again soon, over a new connection. */
  reportUnreachable(ref: EndpointRef): void {
    const endpoint = this.#endpoints.get(ref)
    if (endpoint === undefined || endpoint.readiness === 'down') return
    const reason = 'a request could not connect to it'
    const target = this.#targets[endpoint.slot]
    if (target !== undefined) {
      this.#giveUp(target)
      this.#options.http.forget(endpoint)
      target.error = reason
      target.followsTraffic = false
      this.#agenda.set(endpoint.slot, this.#clock.nowMs() + MIN_INTERVAL_MS)
    }
    this.#endpoints.setReadiness(ref, 'down', reason)
  }

  /** Whether the slot's numbers must not be relied on: the last scrape failed, or they are older than the threshold and than 3 intervals. */
  isStale(slot: number, nowMs: number, thresholdMs: number): boolean {
    const target = this.#targets[slot]
    if (target === undefined || target.error !== undefined) return true
    return nowMs - target.dataAtMs > Math.max(thresholdMs, 3 * target.intervalMs)
  }

  /** The endpoint's own interval at present: a burst of requests makes single scrapes come sooner. 0 for a free slot. */
  intervalMs(slot: number): number {
    return this.#targets[slot]?.intervalMs ?? 0
  }

  /** Why the last scrape brought nothing, in words for an operator. */
  lastError(slot: number): string | undefined {
    return this.#targets[slot]?.error
  }

  /** The engine that the endpoint's pages are of, once one came. */
  engineOf(slot: number): string | undefined {
    return this.#targets[slot]?.engine
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe?.()
    for (const target of this.#targets) if (target !== undefined) this.#queue.withdraw(target)
    for (const target of this.#targets) if (target !== undefined) this.#giveUp(target)
    this.#targets.length = 0
    this.#agenda[Symbol.dispose]()
    return Promise.resolve()
  }

  #add(endpoint: Endpoint): void {
    this.#targets[endpoint.slot] = createScrapeTarget(endpoint)
    this.#agenda.set(endpoint.slot, this.#clock.nowMs())
  }

  #remove(endpoint: Endpoint): void {
    const target = this.#targets[endpoint.slot]!
    this.#targets[endpoint.slot] = undefined
    this.#giveUp(target)
    this.#agenda.remove(endpoint.slot)
    this.#options.http.forget(endpoint)
  }

  #due(slot: number): void {
    const target = this.#targets[slot]!
    if (target.exchange === undefined) this.#queue.add(target)
    else this.#deadline(target)
  }

  #start(target: ScrapeTarget): void {
    const { endpoint } = target
    const nowMs = this.#clock.nowMs()
    const scanner = this.#plan === undefined ? undefined : (this.#idleScanners.pop() ?? new PageScanner(this.#plan))
    scanner?.reset()
    target.startedAtMs = nowMs
    target.events = 0
    target.overdue = false
    target.exchange = new ScrapeExchange(scanner, (outcome, reason) => this.#ended(target, outcome, reason))
    target.flight = this.#options.http.get(endpoint, scanner === undefined ? '/health' : '/metrics', target.exchange)
    this.#agenda.set(endpoint.slot, nowMs + TIMEOUT_MS)
  }

  #deadline(target: ScrapeTarget): void {
    // After a stall of this process its timers run before its sockets are read: the answer may be there already.
    if (!target.overdue) {
      target.overdue = true
      this.#agenda.set(target.endpoint.slot, this.#clock.nowMs() + 1)
    } else this.#ended(target, 'timeout', `no complete answer within ${TIMEOUT_MS} ms`)
  }

  /** Out of flight, and out of the queue. */
  #giveUp(target: ScrapeTarget): void {
    this.#queue.withdraw(target)
    if (target.exchange === undefined) return
    target.exchange = undefined
    target.flight?.abort()
    this.#queue.ended()
  }

  #ended(target: ScrapeTarget, outcome: ScrapeOutcome, reason: string | undefined): void {
    const { endpoint } = target
    const { scanner, status } = target.exchange!
    const nowMs = this.#clock.nowMs()
    const wasReady = endpoint.readiness === 'ready'
    const ready = status !== 0 || (wasReady && outcome !== 'connect')
    this.#giveUp(target)
    target.durationMs = nowMs - target.startedAtMs
    target.error = reason
    target.unanswered = status === 0 ? target.unanswered + 1 : 0
    target.followsTraffic = outcome === 'ok' && scanner !== undefined
    target.intervalMs = target.followsTraffic ? intervalMsOf(target, nowMs) : IDLE_INTERVAL_MS
    // Planned before anybody hears of the outcome: a listener may remove the endpoint.
    this.#agenda.set(
      endpoint.slot,
      ready ? this.#nextAtMs(target, nowMs, wasReady) : nowMs + retryDelayMs(target.unanswered, this.#options.rng.next()),
    )
    if (scanner !== undefined) {
      if (outcome === 'ok') this.#keep(target, scanner)
      if (scanner.plan === this.#plan) this.#idleScanners.push(scanner)
    }
    if (status !== 0) this.#endpoints.setReadiness(endpoint.ref, 'ready')
    else if (outcome === 'connect') this.#endpoints.setReadiness(endpoint.ref, 'down', reason)
    else if (!wasReady) this.#endpoints.setReadiness(endpoint.ref, endpoint.readiness, reason)
    this.#report(target, outcome)
  }

  #nextAtMs(target: ScrapeTarget, nowMs: number, wasReady: boolean): number {
    if (target.intervalMs < IDLE_INTERVAL_MS) return busyDueAtMs(target)
    // Endpoints that join together do not stay together.
    const intervalMs = wasReady ? IDLE_INTERVAL_MS : this.#options.rng.next() * IDLE_INTERVAL_MS
    return Math.max(onIdleGrid(target.startedAtMs + intervalMs), nowMs + MIN_INTERVAL_MS)
  }

  #keep(target: ScrapeTarget, page: PageScanner): void {
    const { endpoint } = target
    if (noteRestart(page, target.memory)) this.#endpoints.reportRestart(endpoint.ref)
    if (this.#endpoints.get(endpoint.ref) === undefined) return
    commitPage(page, endpoint.slot, target.startedAtMs, this.#options.adapters)
    target.dataAtMs = target.startedAtMs
    target.engine = page.plan.engines[page.engine()]!.engine
    target.reported = false
    if (page.unreadable > 0) this.#options.observer?.valuesRejected?.(endpoint, page.unreadable)
  }

  #report(target: ScrapeTarget, outcome: ScrapeOutcome): void {
    const { observer } = this.#options
    if (outcome === 'no-page' && !target.reported) {
      target.reported = true
      observer?.withoutMetrics?.(target.endpoint)
    }
    observer?.scrapeEnded?.(target.endpoint, outcome, target.durationMs)
  }
}
