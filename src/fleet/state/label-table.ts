/** The labels of each endpoint as plugins see them, with a version that tells them when to rebuild what they derived. */
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { EndpointLabels } from '#/sdk/resources.ts'

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({})

/** Lives as long as the endpoint table that it follows. */
export class LabelTable implements EndpointLabels {
  readonly #endpoints: EndpointTable
  #version = 0

  constructor(endpoints: EndpointTable) {
    this.#endpoints = endpoints
    const changed = (): void => {
      this.#version++
    }
    endpoints.subscribe({ added: changed, removed: changed, relabelled: changed })
  }

  get version(): number {
    return this.#version
  }

  /** No labels for a slot that nobody has. */
  get(slot: number): Readonly<Record<string, string>> {
    return this.#endpoints.at(slot)?.labels ?? NO_LABELS
  }
}
