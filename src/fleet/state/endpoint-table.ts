/**
 * Who is in the fleet: gives each endpoint a slot, keeps its identity and readiness, and holds a slot back until the last attempt on it
 * ended, so that late accounting never touches a newcomer's numbers.
 */
import { isDeepStrictEqual } from 'node:util'
import type { DiscoveryNotifier } from '#/fleet/discovery/discovery.ts'
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import { generationOf, slotOf, toEndpointRef } from '#/sdk/endpoint.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

/** What discovery knows about an endpoint. */
export interface EndpointSpec {
  readonly namespace: string
  /** Unique in its namespace. */
  readonly name: string
  readonly scheme: 'http' | 'https'
  /** Host name, IPv4, or IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly labels: Readonly<Record<string, string>>
}

/** 'unknown': not reached yet. 'down': the last contact failed to connect. */
export type Readiness = 'unknown' | 'ready' | 'down'

export interface Endpoint extends EndpointSpec {
  readonly ref: EndpointRef
  readonly slot: number
  /** `namespace/name`: stable across restarts of the gateway. */
  readonly key: string
  /** `host:port`, brackets round IPv6: what clients and gateways see. */
  readonly address: string
  /** `scheme://host:port`. */
  readonly origin: string
  readonly readiness: Readiness
  /** Why it is not ready, in words for an operator. */
  readonly reason: string | undefined
}

export interface EndpointListener {
  added?(endpoint: Endpoint): void
  /** Its reference is stale from here on; its slot is not reused before the last pin is gone. */
  removed?(endpoint: Endpoint): void
  readinessChanged?(endpoint: Endpoint): void
  relabelled?(endpoint: Endpoint): void
  /** The engine behind it restarted: caches and adapters are gone. */
  restarted?(endpoint: Endpoint): void
}

type MutableEndpoint = { -readonly [K in keyof Endpoint]: Endpoint[K] }

export class EndpointTable implements DiscoveryNotifier {
  readonly maxEndpoints: number
  /** 1 where the endpoint in the slot is ready. Hot-path view. */
  readonly ready: Uint8Array
  readonly #columns: ColumnStore
  readonly #endpoints: (MutableEndpoint | undefined)[] = []
  readonly #generations: Uint16Array
  readonly #pins: Uint32Array
  readonly #byKey = new Map<string, MutableEndpoint>()
  readonly #freeSlots: number[] = []
  readonly #listeners = new Set<EndpointListener>()

  constructor(columns: ColumnStore) {
    this.#columns = columns
    this.maxEndpoints = columns.maxEndpoints
    this.ready = new Uint8Array(columns.maxEndpoints)
    this.#generations = new Uint16Array(columns.maxEndpoints)
    this.#pins = new Uint32Array(columns.maxEndpoints)
  }

  get size(): number {
    return this.#byKey.size
  }

  /** Throws if the key is taken or the table is full. */
  add(spec: EndpointSpec): Endpoint {
    const key = `${spec.namespace}/${spec.name}`
    if (this.#byKey.has(key)) throw new Error(`endpoint ${key} is already in the fleet`)
    const slot = this.#freeSlots.pop() ?? this.#endpoints.length
    if (slot >= this.maxEndpoints) {
      throw new Error(`the fleet holds ${this.maxEndpoints} endpoints, which is the limit set by maxEndpoints; ${key} is left out`)
    }
    const host = spec.host.includes(':') ? `[${spec.host}]` : spec.host
    const address = `${host}:${spec.port}`
    const endpoint: MutableEndpoint = {
      ...spec,
      ref: toEndpointRef(slot, this.#generations[slot]!),
      slot,
      key,
      address,
      origin: `${spec.scheme}://${address}`,
      readiness: 'unknown',
      reason: 'not reached yet',
    }
    this.#endpoints[slot] = endpoint
    this.#byKey.set(key, endpoint)
    for (const listener of this.#listeners) listener.added?.(endpoint)
    return endpoint
  }

  /** False if the reference is stale already. */
  remove(ref: EndpointRef): boolean {
    const endpoint = this.#own(ref)
    if (endpoint === undefined) return false
    const { slot } = endpoint
    this.#byKey.delete(endpoint.key)
    this.ready[slot] = 0
    this.#generations[slot] = generationOf(toEndpointRef(0, this.#generations[slot]! + 1))
    this.#endpoints[slot] = undefined
    // A listener may end the last attempt: the slot must be freed once, and not before every listener knows.
    this.pin(slot)
    for (const listener of this.#listeners) listener.removed?.(endpoint)
    this.unpin(slot)
    return true
  }

  /** Adds the endpoint, or brings what is known about it up to date. One that moved to another address is another endpoint. Throws as `add` does. */
  upsert(spec: EndpointSpec): void {
    const known = this.#byKey.get(`${spec.namespace}/${spec.name}`)
    if (known !== undefined && known.scheme === spec.scheme && known.host === spec.host && known.port === spec.port) {
      this.setLabels(known.ref, spec.labels)
      return
    }
    if (known !== undefined) this.remove(known.ref)
    this.add(spec)
  }

  /** Does nothing if nobody has the key. */
  delete(key: string): void {
    const known = this.#byKey.get(key)
    if (known !== undefined) this.remove(known.ref)
  }

  /** The endpoint, or undefined if it is gone. */
  get(ref: EndpointRef): Endpoint | undefined {
    return this.#own(ref)
  }

  at(slot: number): Endpoint | undefined {
    return this.#endpoints[slot]
  }

  byKey(key: string): Endpoint | undefined {
    return this.#byKey.get(key)
  }

  all(): IterableIterator<Endpoint> {
    return this.#byKey.values()
  }

  /** An attempt begins on the slot. */
  pin(slot: number): void {
    this.#pins[slot] = this.#pins[slot]! + 1
  }

  /** The attempt is over. Throws if the slot has no pin: whoever counts wrongly must not free somebody else's slot. */
  unpin(slot: number): void {
    const pins = this.#pins[slot]!
    if (pins === 0) throw new Error(`slot ${slot} has no pin to take back`)
    this.#pins[slot] = pins - 1
    if (pins === 1 && this.#endpoints[slot] === undefined) this.#free(slot)
  }

  pinsOf(slot: number): number {
    return this.#pins[slot]!
  }

  setReadiness(ref: EndpointRef, readiness: Readiness, reason?: string): void {
    const endpoint = this.#own(ref)
    if (endpoint === undefined) return
    const changed = endpoint.readiness !== readiness
    endpoint.readiness = readiness
    endpoint.reason = reason
    this.ready[endpoint.slot] = readiness === 'ready' ? 1 : 0
    if (changed) for (const listener of this.#listeners) listener.readinessChanged?.(endpoint)
  }

  setLabels(ref: EndpointRef, labels: Readonly<Record<string, string>>): void {
    const endpoint = this.#own(ref)
    if (endpoint === undefined || isDeepStrictEqual(endpoint.labels, labels)) return
    endpoint.labels = labels
    for (const listener of this.#listeners) listener.relabelled?.(endpoint)
  }

  /** Whoever sees an engine's counters fall says so here. */
  reportRestart(ref: EndpointRef): void {
    const endpoint = this.get(ref)
    if (endpoint !== undefined) for (const listener of this.#listeners) listener.restarted?.(endpoint)
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: EndpointListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #own(ref: EndpointRef): MutableEndpoint | undefined {
    const endpoint = this.#endpoints[slotOf(ref)]
    return endpoint?.ref === ref ? endpoint : undefined
  }

  #free(slot: number): void {
    this.#columns.resetSlot(slot)
    this.#freeSlots.push(slot)
  }
}
