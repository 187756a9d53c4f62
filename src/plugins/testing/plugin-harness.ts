/** Everything a plugin needs to be created and run by itself: columns, resources and a seed that a test can set. */
import { createRng } from '#/lib/rng.ts'
import { FakeAdapters } from '#/plugins/testing/fake-adapters.ts'
import { FakeLabels } from '#/plugins/testing/fake-labels.ts'
import { FakePrefixIndex } from '#/plugins/testing/fake-prefix-index.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { Column, ColumnKey, DataKey, ResourceKey } from '#/sdk/data-key.ts'
import { endpointAdapters, endpointLabels, prefixIndex, prefixMatch } from '#/sdk/keys.ts'
import type { PluginContext, PluginDefinition } from '#/sdk/plugin.ts'
import type { PrefixMatch } from '#/sdk/resources.ts'

export interface PluginHarness {
  readonly labels: FakeLabels
  readonly adapters: FakeAdapters
  readonly index: FakePrefixIndex
  readonly match: PrefixMatch
  column(key: ColumnKey): Column
  /** Sets the values of slots 0, 1, 2, ... */
  set(key: ColumnKey, values: readonly number[]): void
  /** Creates an instance as a graph does; its context refuses keys that the definition does not declare. */
  create<Instance>(definition: PluginDefinition<Instance>, parameters?: unknown): Instance
}

export interface PluginHarnessOptions {
  readonly maxEndpoints?: number
  readonly seed?: number
  readonly profiles?: readonly string[]
}

export function createPluginHarness(options: PluginHarnessOptions = {}): PluginHarness {
  const { maxEndpoints = 64, seed = 1, profiles = ['default'] } = options
  const rng = createRng(seed)
  const columns = new Map<ColumnKey, Column>()
  const labels = new FakeLabels()
  const adapters = new FakeAdapters()
  const index = new FakePrefixIndex()
  const match: PrefixMatch = {
    totalBlocks: 0,
    blockTokens: 64,
    blocks: new Uint32Array(maxEndpoints),
    weight: new Float32Array(maxEndpoints).fill(1),
  }
  const resources = new Map<ResourceKey<unknown>, unknown>([
    [endpointLabels, labels],
    [endpointAdapters, adapters],
    [prefixIndex, index],
    [prefixMatch, match],
  ])
  const column = (key: ColumnKey): Column => {
    const existing = columns.get(key)
    if (existing !== undefined) return existing
    const created = { key, values: new Float64Array(maxEndpoints), updatedAtMs: new Float64Array(maxEndpoints).fill(-Infinity) }
    columns.set(key, created)
    return created
  }
  const contextOf = (definition: PluginDefinition): PluginContext => {
    const check = (key: DataKey): void => {
      const isDeclared = [...definition.requires, ...definition.uses, ...definition.produces].includes(key)
      if (!isDeclared) throw new Error(`${definition.type} does not declare ${key.name}`)
    }
    return {
      name: definition.type,
      maxEndpoints,
      profiles,
      rng,
      column(key) {
        check(key)
        return column(key)
      },
      resource<T>(key: ResourceKey<T>): T {
        check(key)
        const value = resources.get(key)
        if (!isOfKey(key, value)) throw new Error(`the harness has no ${key.name}`)
        return value
      },
    }
  }
  return {
    labels,
    adapters,
    index,
    match,
    column,
    set(key, values) {
      column(key).values.set(values)
    },
    create: (definition, parameters) => definition.create(parameters, contextOf(definition)),
  }
}

export function candidatesOf(slots: Iterable<number>): Candidates {
  const array = Uint16Array.from(slots)
  return { slots: array, count: array.length }
}

function isOfKey<T>(_key: ResourceKey<T>, value: unknown): value is T {
  return value !== undefined
}
