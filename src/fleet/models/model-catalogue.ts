/**
 * Which endpoint serves which model, by their own `GET /v1/models`: read when an endpoint becomes ready or restarts, every 30 s, and on
 * demand. Says that a model does not exist only when every endpoint that could know was asked since.
 */
import { AskedNames } from '#/fleet/models/asked-names.ts'
import { mergeModelCards } from '#/fleet/models/model-card.ts'
import type { ModelCard } from '#/fleet/models/model-card.ts'
import { createModelReading } from '#/fleet/models/model-reading.ts'
import type { ModelReading } from '#/fleet/models/model-reading.ts'
import { readModelList } from '#/fleet/models/read-model-list.ts'
import type { ModelListAnswer } from '#/fleet/models/read-model-list.ts'
import { SharedRefresh } from '#/fleet/models/shared-refresh.ts'
import { Agenda } from '#/fleet/scrape/agenda.ts'
import type { HttpGet } from '#/fleet/scrape/http-get.ts'
import { StartQueue } from '#/fleet/scrape/start-queue.ts'
import type { Endpoint, EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { NameInterner } from '#/fleet/state/name-interner.ts'
import { SlotNameSets } from '#/fleet/state/slot-name-sets.ts'
import type { Clock } from '#/lib/clock.ts'
import type { Rng } from '#/lib/rng.ts'

const REREAD_MS = 30_000
/** Before another attempt after one that failed. */
const RETRY_MS = 5000
/** Share of the wait by which endpoints that were read together drift apart. */
const SPREAD = 0.2
/** Between two reads that requests for unknown names caused. */
const MIN_REFRESH_MS = 1000
const MAX_IN_FLIGHT = 32

export interface ModelObserver {
  /** `reason` says why there is no list. */
  modelsRead?(endpoint: Endpoint, outcome: ModelListAnswer['kind'], reason: string | undefined): void
}

export interface ModelCatalogueOptions {
  readonly endpoints: EndpointTable
  /** Stays the caller's: to be closed after the catalogue, and shared with nobody. */
  readonly http: HttpGet
  readonly clock: Clock
  readonly rng: Rng
  readonly observer?: ModelObserver
}

export class ModelCatalogue implements AsyncDisposable {
  readonly #options: ModelCatalogueOptions
  readonly #clock: Clock
  readonly #endpoints: EndpointTable
  readonly #names = new NameInterner()
  readonly #served = new SlotNameSets(this.#names)
  readonly #open: Uint8Array
  readonly #agenda: Agenda
  /** Indexed by slot. */
  readonly #readings: (ModelReading | undefined)[] = []
  readonly #queue = new StartQueue<ModelReading>(MAX_IN_FLIGHT, (reading) => this.#start(reading))
  readonly #asked = new AskedNames(MIN_REFRESH_MS)
  readonly #refresh: SharedRefresh
  #unsubscribe: (() => void) | undefined
  #disposed = false

  constructor(options: ModelCatalogueOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#endpoints = options.endpoints
    this.#open = new Uint8Array(options.endpoints.maxEndpoints)
    this.#agenda = new Agenda(options.clock, (slot) => this.#read(this.#readings[slot]!))
    this.#refresh = new SharedRefresh(options.clock, MIN_REFRESH_MS, (slots, startedAtMs) => this.#readAllSince(slots, startedAtMs))
  }

  /** Follows the endpoint table from here on. */
  start(): void {
    this.#unsubscribe = this.#endpoints.subscribe({
      added: (endpoint) => this.#add(endpoint),
      removed: (endpoint) => this.#remove(endpoint),
      readinessChanged: (endpoint) => this.#read(this.#readings[endpoint.slot]!),
      restarted: (endpoint) => this.#read(this.#readings[endpoint.slot]!),
    })
    for (const endpoint of this.#endpoints.all()) this.#add(endpoint)
  }

  /** The number of a model that some endpoint lists, else -1. Only valid until the next await. */
  idOf(name: string): number {
    return this.#names.idOf(name)
  }

  serves(slot: number, modelId: number): boolean {
    return modelId >= 0 && this.#served.has(slot, modelId)
  }

  /** The endpoint answers, but never with a model list, so it may serve any model. */
  isOpen(slot: number): boolean {
    return this.#open[slot] === 1
  }

  /** An endpoint did not know a model that it lists, or the like: reads its list now, or a second after the last read. */
  refreshSoon(slot: number): void {
    const reading = this.#readings[slot]
    if (reading === undefined) return
    const dueAtMs = reading.startedAtMs + MIN_REFRESH_MS
    if (reading.state === 'in flight') {
      if (reading.again === 'no') reading.again = 'soon'
    } else if (dueAtMs <= this.#clock.nowMs()) this.#read(reading)
    else if (dueAtMs < this.#agenda.timeOf(slot)) this.#agenda.set(slot, dueAtMs)
  }

  /**
   * For a name that none of the slots is known to serve. 'unknown': every ready endpoint among them was asked since the name first came up,
   * and none serves it. 'found': one does. 'unreadable': no endpoint is ready, or not all of them could be asked. Endpoints are asked at
   * most once a second, for all callers together.
   */
  async confirmUnknown(name: string, slots: Iterable<number>): Promise<'unknown' | 'found' | 'unreadable'> {
    const askedAtMs = this.#asked.firstAskedAtMs(name, this.#clock.nowMs())
    const all = [...slots]
    while (!this.#disposed) {
      const ready = all.filter((slot) => this.#endpoints.ready[slot] === 1)
      const id = this.idOf(name)
      if (ready.some((slot) => this.isOpen(slot) || this.serves(slot, id))) return 'found'
      const unread = ready.filter((slot) => this.#readings[slot]!.readAtMs < askedAtMs)
      if (ready.length > 0 && unread.length === 0) return 'unknown'
      const untried = unread.filter((slot) => this.#readings[slot]!.triedAtMs < askedAtMs)
      if (untried.length === 0) return 'unreadable'
      await this.#refresh.request(untried)
    }
    return 'unreadable'
  }

  /** What the ready ones of these slots serve, each model once, sorted by id. */
  list(slots: Iterable<number>): readonly ModelCard[] {
    const merged = new Map<string, ModelCard>()
    for (const slot of slots) {
      if (this.#endpoints.ready[slot] !== 1) continue
      for (const card of this.#readings[slot]?.cards ?? []) {
        const other = merged.get(card.id)
        merged.set(card.id, other === undefined ? card : mergeModelCards(other, card))
      }
    }
    return [...merged.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#unsubscribe?.()
    this.#agenda[Symbol.dispose]()
    this.#refresh[Symbol.dispose]()
    for (const reading of this.#readings) if (reading !== undefined) this.#queue.withdraw(reading)
    for (const reading of this.#readings) if (reading !== undefined) this.#giveUp(reading)
    return Promise.resolve()
  }

  #add(endpoint: Endpoint): void {
    const reading = createModelReading(endpoint)
    this.#readings[endpoint.slot] = reading
    this.#read(reading)
  }

  #remove(endpoint: Endpoint): void {
    const { slot } = endpoint
    this.#giveUp(this.#readings[slot]!)
    this.#readings[slot] = undefined
    this.#agenda.remove(slot)
    this.#served.clear(slot)
    this.#open[slot] = 0
    this.#options.http.forget(endpoint)
  }

  #giveUp(reading: ModelReading): void {
    this.#queue.withdraw(reading)
    if (reading.state === 'in flight') {
      reading.stop?.()
      this.#queue.ended()
    }
    reading.state = 'idle'
    this.#tell(reading)
  }

  #tell(reading: ModelReading): void {
    const { waiting } = reading
    reading.waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Sees to it that a read begins at or after `sinceMs`, if the endpoint is ready: one that began before may miss what is new. */
  #read(reading: ModelReading, sinceMs = this.#clock.nowMs()): void {
    if (reading.endpoint.readiness !== 'ready') return
    if (reading.state === 'in flight' && reading.startedAtMs < sinceMs) reading.again = 'now'
    if (reading.state !== 'idle') return
    reading.state = 'queued'
    this.#queue.add(reading)
  }

  #start(reading: ModelReading): void {
    reading.state = 'in flight'
    reading.again = 'no'
    reading.startedAtMs = this.#clock.nowMs()
    this.#agenda.remove(reading.endpoint.slot)
    reading.stop = readModelList(this.#options.http, reading.endpoint, this.#clock, (answer) => this.#answered(reading, answer))
  }

  #answered(reading: ModelReading, answer: ModelListAnswer): void {
    const { endpoint, startedAtMs } = reading
    const { slot } = endpoint
    reading.state = 'idle'
    reading.stop = undefined
    this.#queue.ended()
    reading.triedAtMs = startedAtMs
    if (answer.kind !== 'unreadable') reading.readAtMs = startedAtMs
    if (answer.kind === 'list') {
      reading.cards = answer.cards
      const ids = answer.cards.map((card) => card.id)
      this.#served.set(slot, ids)
    }
    this.#open[slot] = reading.readAtMs > -Infinity && reading.cards === undefined ? 1 : 0
    const waitMs = answer.kind === 'unreadable' ? RETRY_MS : REREAD_MS
    this.#agenda.set(slot, this.#clock.nowMs() + waitMs * (1 - SPREAD * this.#options.rng.next()))
    if (reading.again === 'soon') this.refreshSoon(slot)
    else if (reading.again === 'now') this.#read(reading)
    this.#options.observer?.modelsRead?.(endpoint, answer.kind, answer.kind === 'list' ? undefined : answer.reason)
    this.#tell(reading)
  }

  async #readAllSince(slots: Iterable<number>, sinceMs: number): Promise<void> {
    await Promise.all(Array.from(slots, (slot) => this.#readSince(slot, sinceMs)))
  }

  /** Resolves when a read that began at or after `sinceMs` is over, or the endpoint is no longer ready. */
  async #readSince(slot: number, sinceMs: number): Promise<void> {
    const reading = this.#readings[slot]
    if (reading === undefined) return
    const isOver = (): boolean => this.#disposed || this.#readings[slot] !== reading || reading.triedAtMs >= sinceMs
    while (!isOver()) {
      this.#read(reading, sinceMs)
      if (reading.state === 'idle') return
      await new Promise<void>((resolve) => reading.waiting.push(resolve))
    }
  }
}
