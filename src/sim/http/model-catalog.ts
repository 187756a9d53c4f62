/** The names that a replica answers to: the base model's, all equal, and the adapters loaded on top of it. */
import { ApiError } from '#/sim/http/api-error.ts'

export interface AdapterSource {
  readonly name: string
  readonly path: string
}

export class ModelCatalog {
  /** Names of the base model; the first one labels the metrics. */
  readonly baseNames: readonly string[]
  readonly #adapters: Map<string, AdapterSource>

  constructor(baseNames: readonly string[], adapters: readonly string[]) {
    this.baseNames = baseNames
    this.#adapters = new Map(adapters.map((name) => [name, { name, path: `/adapters/${name}` }]))
  }

  get baseName(): string {
    return this.baseNames[0]!
  }

  get adapters(): readonly AdapterSource[] {
    return [...this.#adapters.values()]
  }

  /** The adapter of that name, undefined for the base model; an absent name is the base model. Throws a 404. */
  adapterFor(model: string | undefined): string | undefined {
    if (model === undefined || this.baseNames.includes(model)) return undefined
    if (this.#adapters.has(model)) return model
    throw new ApiError(404, `The model \`${model}\` does not exist.`, 'model')
  }

  /** False if the name is taken. */
  load(adapter: AdapterSource): boolean {
    if (this.#adapters.has(adapter.name) || this.baseNames.includes(adapter.name)) return false
    this.#adapters.set(adapter.name, adapter)
    return true
  }

  /** False if there is none. Sequences that run with it finish. */
  unload(name: string): boolean {
    return this.#adapters.delete(name)
  }
}
