/** LoRA states that a test sets by adapter name. */
import type { EndpointAdapters } from '#/sdk/resources.ts'

interface AdapterState {
  readonly active: readonly string[]
  readonly waiting: readonly string[]
  readonly max: number
}

export class FakeAdapters implements EndpointAdapters {
  readonly #names: string[] = []
  readonly #states = new Map<number, AdapterState>()

  set(slot: number, state: AdapterState): void {
    this.#states.set(slot, state)
    for (const name of [...state.active, ...state.waiting]) if (!this.#names.includes(name)) this.#names.push(name)
  }

  idOf(adapter: string): number {
    return this.#names.indexOf(adapter)
  }

  isActive(slot: number, adapterId: number): boolean {
    return this.#states.get(slot)?.active.includes(this.#names[adapterId] ?? '') ?? false
  }

  isWaiting(slot: number, adapterId: number): boolean {
    return this.#states.get(slot)?.waiting.includes(this.#names[adapterId] ?? '') ?? false
  }

  activeCount(slot: number): number {
    return this.#states.get(slot)?.active.length ?? 0
  }

  waitingCount(slot: number): number {
    return this.#states.get(slot)?.waiting.length ?? 0
  }

  maxActive(slot: number): number {
    return this.#states.get(slot)?.max ?? 0
  }
}
