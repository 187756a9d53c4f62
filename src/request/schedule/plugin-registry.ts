/** The plugin definitions that a configuration may name, by type: a value that is built from a list, never a global. */
import { nearestNames } from '#/lib/nearest-name.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

export interface PluginRegistry {
  get(type: string): PluginDefinition | undefined
  /** The registered type closest to one that is not; undefined if none is registered. */
  nearestType(type: string): string | undefined
}

/** Throws if two definitions have the same type. */
export function createPluginRegistry(definitions: Iterable<PluginDefinition>): PluginRegistry {
  const byType = new Map<string, PluginDefinition>()
  for (const definition of definitions) {
    if (byType.has(definition.type)) throw new Error(`two plugins are of the type "${definition.type}"`)
    byType.set(definition.type, definition)
  }
  return {
    get: (type) => byType.get(type),
    nearestType: (type) => nearestNames(type, byType.keys(), 1)[0],
  }
}
