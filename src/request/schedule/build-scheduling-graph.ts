/** From a configuration to a scheduling graph: defaults, checks, wiring, creation. Finds everything that is wrong before it gives up. */
import { ConfigError } from '#/config/config-error.ts'
import type { ConfigProblem } from '#/config/config-error.ts'
import type { EndpointPickerConfig } from '#/config/endpoint-picker-config.ts'
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Rng } from '#/lib/rng.ts'
import { PluginDeclarations } from '#/request/schedule/plugin-declarations.ts'
import type { PluginDeclaration } from '#/request/schedule/plugin-declarations.ts'
import { PluginInstances } from '#/request/schedule/plugin-instances.ts'
import type { PluginRegistry } from '#/request/schedule/plugin-registry.ts'
import { resolveProducers } from '#/request/schedule/resolve-producers.ts'
import { resolveProfiles } from '#/request/schedule/resolve-profiles.ts'
import type { ProfilePlan } from '#/request/schedule/resolve-profiles.ts'
import type { SchedulingGraph, SchedulingProfile } from '#/request/schedule/scheduling-graph.ts'
import type { ResourceKey } from '#/sdk/data-key.ts'
import { prefixMatch } from '#/sdk/keys.ts'
import type { PrefixMatch } from '#/sdk/resources.ts'

export interface SchedulingGraphDeps {
  readonly registry: PluginRegistry
  readonly columns: ColumnStore
  /** What plugins may read that is neither a column nor made by a producer of the graph. */
  readonly resources: ReadonlyMap<ResourceKey<unknown>, unknown>
  readonly rng: Rng
  readonly maxEndpoints: number
}

const DEFAULT_HANDLER = 'single-profile-handler'

/** Throws a ConfigError with every problem of the configuration. */
export function buildSchedulingGraph(config: EndpointPickerConfig, deps: SchedulingGraphDeps): SchedulingGraph {
  const problems: ConfigProblem[] = []
  const plugins = new PluginDeclarations(deps.registry, problems)
  for (const [i, plugin] of config.plugins.entries()) plugins.declare(plugin, `plugins[${i}]`)
  const profiles = resolveProfiles(config, plugins, problems)
  const handler = resolveHandler(plugins, profiles, problems)

  const resources = new Map(deps.resources)
  const match = createPrefixMatch(deps.maxEndpoints)
  resources.set(prefixMatch, match)
  const ordered = resolveProducers(plugins, deps.resources, problems)
  if (problems.length > 0) throw new ConfigError(problems)

  const instances = new PluginInstances(ordered, { ...deps, resources, profiles: profiles.map(({ name }) => name) })
  const hasPrefixProducer = ordered.some(({ definition }) => definition.produces.includes(prefixMatch))
  return {
    profiles: new Map(profiles.map((profile) => [profile.name, toProfile(profile, instances)])),
    handler: instances.get('profile-handler', handler!),
    producers: ordered
      .filter(({ definition }) => definition.stage === 'producer')
      .map((declaration) => ({ name: declaration.name, plugin: instances.get('producer', declaration) })),
    hooks: instances.withHooks(),
    consumed: new Set(ordered.flatMap(({ definition }) => [...definition.requires, ...definition.uses])),
    prefixMatch: hasPrefixProducer ? match : undefined,
  }
}

function resolveHandler(
  plugins: PluginDeclarations,
  profiles: readonly ProfilePlan[],
  problems: ConfigProblem[],
): PluginDeclaration | undefined {
  const [handler, ...others] = plugins.ofStage('profile-handler')
  for (const { path } of others) {
    problems.push({ path, message: `there is a profile handler already, "${handler!.name}", and can be only one` })
  }
  if (handler !== undefined) return handler
  if (profiles.length === 1) return plugins.declareDefault(DEFAULT_HANDLER)
  problems.push({ path: 'plugins', message: `${profiles.length} profiles need a profile handler that chooses among them` })
  return undefined
}

function toProfile({ name, filters, scorers, picker }: ProfilePlan, instances: PluginInstances): SchedulingProfile {
  return {
    name,
    filters: filters.map((declaration) => ({ name: declaration.name, plugin: instances.get('filter', declaration) })),
    scorers: scorers.map(({ declaration, weight }) => ({ name: declaration.name, plugin: instances.get('scorer', declaration), weight })),
    picker: { name: picker!.name, plugin: instances.get('picker', picker!) },
  }
}

function createPrefixMatch(maxEndpoints: number): PrefixMatch {
  return { totalBlocks: 0, blockTokens: 0, blocks: new Uint32Array(maxEndpoints), weight: new Float32Array(maxEndpoints) }
}
