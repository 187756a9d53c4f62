/** Who brings the data that plugins consume: finds or adds the producer of every key, and puts plugins behind those that they read from. */
import type { ConfigProblem } from '#/config/config-error.ts'
import { DEFAULT_PRODUCERS, INFLIGHT_LOAD_PRODUCER, PRODUCER_NAME_PARAMETERS } from '#/request/schedule/default-producers.ts'
import type { PluginDeclaration, PluginDeclarations } from '#/request/schedule/plugin-declarations.ts'
import type { DataKey } from '#/sdk/data-key.ts'
import { inflightRequests } from '#/sdk/keys.ts'

/**
 * Adds the default producers that are missing, transitively; `provided` are the resources that come from outside the graph. Fleet-scoped columns
 * need no producer: scraping fills them. Returns all declarations, each one after those whose data it consumes.
 */
export function resolveProducers(
  plugins: PluginDeclarations,
  provided: { has(key: DataKey): boolean },
  problems: ConfigProblem[],
): PluginDeclaration[] {
  const producerOf = new Map<DataKey, PluginDeclaration>()
  const register = (declaration: PluginDeclaration): void => {
    for (const key of declaration.definition.produces) {
      const other = producerOf.get(key)
      if (other === undefined) producerOf.set(key, declaration)
      else problems.push({ path: declaration.path, message: `"${key.name}" is produced by "${other.name}" already` })
    }
  }
  const addDefault = (type: string): void => {
    const declaration = plugins.declareDefault(type)
    if (declaration !== undefined) register(declaration)
  }

  for (const declaration of plugins.all) register(declaration)
  // Accounting runs whatever the profiles read: views and later configurations rely on it.
  if (!producerOf.has(inflightRequests)) addDefault(INFLIGHT_LOAD_PRODUCER)
  // The list grows while it is walked: a default producer's own requirements are met in the same way.
  for (const { definition, path } of plugins.all) {
    for (const key of definition.requires) {
      if (producerOf.has(key) || provided.has(key)) continue
      const type = DEFAULT_PRODUCERS.get(key)
      if (type !== undefined) addDefault(type)
      else if (key.kind === 'resource' || key.scope === 'request') {
        problems.push({ path, message: `needs "${key.name}", which no configured plugin produces` })
      }
    }
  }
  checkProducerNames(plugins, producerOf, problems)
  return orderByData(plugins.all, producerOf, problems)
}

/** A parameter that names the expected producer is held against the one that there is. */
function checkProducerNames(
  plugins: PluginDeclarations,
  producerOf: ReadonlyMap<DataKey, PluginDeclaration>,
  problems: ConfigProblem[],
): void {
  for (const { definition, parameters, path } of plugins.all) {
    for (const key of consumedBy(definition)) {
      const parameter = PRODUCER_NAME_PARAMETERS.get(key)
      if (parameter === undefined || typeof parameters !== 'object' || parameters === null) continue
      const expected: unknown = Reflect.get(parameters, parameter)
      const actual = producerOf.get(key)?.name
      if (typeof expected !== 'string' || actual === undefined || expected === actual) continue
      problems.push({ path: `${path}.parameters.${parameter}`, message: `"${key.name}" is produced by "${actual}", not by "${expected}"` })
    }
  }
}

function orderByData(
  declarations: readonly PluginDeclaration[],
  producerOf: ReadonlyMap<DataKey, PluginDeclaration>,
  problems: ConfigProblem[],
): PluginDeclaration[] {
  const ordered: PluginDeclaration[] = []
  const visited = new Set<PluginDeclaration>()
  const trail: PluginDeclaration[] = []
  const visit = (declaration: PluginDeclaration): void => {
    if (trail.includes(declaration)) {
      const names = [...trail.slice(trail.indexOf(declaration)), declaration].map(({ name }) => name)
      problems.push({ path: declaration.path, message: `each of these plugins needs the data of the next: ${names.join(' -> ')}` })
      return
    }
    if (visited.has(declaration)) return
    visited.add(declaration)
    trail.push(declaration)
    for (const key of consumedBy(declaration.definition)) {
      const producer = producerOf.get(key)
      if (producer !== undefined) visit(producer)
    }
    trail.pop()
    ordered.push(declaration)
  }
  for (const declaration of declarations) visit(declaration)
  return ordered
}

function consumedBy({ requires, uses }: PluginDeclaration['definition']): readonly DataKey[] {
  return [...requires, ...uses]
}
