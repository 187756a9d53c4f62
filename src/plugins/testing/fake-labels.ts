/** Endpoint labels that a test sets, and a count of how often they are read. */
import type { EndpointLabels } from '#/sdk/resources.ts'

export class FakeLabels implements EndpointLabels {
  version = 1
  /** How often `get` was called. */
  reads = 0
  readonly #labels = new Map<number, Record<string, string>>()

  set(slot: number, labels: Record<string, string>): void {
    this.#labels.set(slot, labels)
    this.version++
  }

  get(slot: number): Readonly<Record<string, string>> {
    this.reads++
    return this.#labels.get(slot) ?? {}
  }
}
