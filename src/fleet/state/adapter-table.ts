/** Which LoRA adapters are active or waiting on each endpoint, as its engine last said. Written by the scraper, empty after a restart. */
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { NameInterner } from '#/fleet/state/name-interner.ts'
import { SlotNameSets } from '#/fleet/state/slot-name-sets.ts'
import type { EndpointAdapters } from '#/sdk/resources.ts'

export interface AdapterState {
  readonly active: readonly string[]
  readonly waiting: readonly string[]
  /** Adapter slots of the engine; 0 where it has none or does not say. */
  readonly max: number
}

/** Lives as long as the endpoint table that it follows. */
export class AdapterTable implements EndpointAdapters {
  readonly #interner = new NameInterner()
  readonly #active = new SlotNameSets(this.#interner)
  readonly #waiting = new SlotNameSets(this.#interner)
  readonly #max: Float64Array

  constructor(endpoints: EndpointTable) {
    this.#max = new Float64Array(endpoints.maxEndpoints)
    endpoints.subscribe({
      removed: ({ slot }) => this.clear(slot),
      restarted: ({ slot }) => this.clear(slot),
    })
  }

  set(slot: number, state: AdapterState): void {
    this.#active.set(slot, state.active)
    this.#waiting.set(slot, state.waiting)
    this.#max[slot] = state.max
  }

  clear(slot: number): void {
    this.#active.clear(slot)
    this.#waiting.clear(slot)
    this.#max[slot] = 0
  }

  idOf(adapter: string): number {
    return this.#interner.idOf(adapter)
  }

  isActive(slot: number, adapterId: number): boolean {
    return this.#active.has(slot, adapterId)
  }

  isWaiting(slot: number, adapterId: number): boolean {
    return this.#waiting.has(slot, adapterId)
  }

  activeCount(slot: number): number {
    return this.#active.count(slot)
  }

  waitingCount(slot: number): number {
    return this.#waiting.count(slot)
  }

  maxActive(slot: number): number {
    return this.#max[slot]!
  }

  /** For people to read, like `waitingNames`. */
  activeNames(slot: number): readonly string[] {
    return this.#active.namesOf(slot)
  }

  waitingNames(slot: number): readonly string[] {
    return this.#waiting.namesOf(slot)
  }
}
