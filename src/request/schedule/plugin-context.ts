/** What a plugin instance is given when it is created: its name, randomness, and the data that it declared, nothing else. */
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Rng } from '#/lib/rng.ts'
import type { PluginDeclaration } from '#/request/schedule/plugin-declarations.ts'
import type { DataKey, ResourceKey } from '#/sdk/data-key.ts'
import type { PluginContext } from '#/sdk/plugin.ts'

/** Shared by all instances of a graph. */
export interface PluginSurroundings {
  readonly maxEndpoints: number
  readonly profiles: readonly string[]
  readonly rng: Rng
  readonly columns: ColumnStore
  readonly resources: ReadonlyMap<ResourceKey<unknown>, unknown>
}

export function createPluginContext({ name, definition }: PluginDeclaration, surroundings: PluginSurroundings): PluginContext {
  const { maxEndpoints, profiles, rng, columns, resources } = surroundings
  const declared = new Set<DataKey>([...definition.requires, ...definition.uses, ...definition.produces])
  const check = (key: DataKey): void => {
    if (!declared.has(key)) throw new Error(`reads "${key.name}", which its definition does not declare`)
  }
  return {
    name,
    maxEndpoints,
    profiles,
    rng,
    column(key) {
      check(key)
      return columns.column(key)
    },
    resource<T>(key: ResourceKey<T>): T {
      check(key)
      const value = resources.get(key)
      if (!isOfKey(key, value)) throw new Error(`reads "${key.name}", which nobody provides`)
      return value
    },
  }
}

/** Keys and values are put together where both types are known, so a value that is there is of its key's type. */
function isOfKey<T>(_key: ResourceKey<T>, value: unknown): value is T {
  return value !== undefined
}
