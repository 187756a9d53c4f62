/** What every plugin definition has in common, and what a plugin is given when it is created. */
import type { z } from 'zod'
import type { Rng } from '#/lib/rng.ts'
import type { Column, ColumnKey, DataKey, ResourceKey } from '#/sdk/data-key.ts'

export type Stability = 'alpha' | 'beta' | 'stable' | 'deprecated'

/** The extension points, in the order of the request's steps. */
export type PluginStage = 'producer' | 'filter' | 'scorer' | 'picker' | 'profile-handler'

export interface PluginContext {
  /** The instance's name in the configuration. */
  readonly name: string
  /** Length of every per-slot array. */
  readonly maxEndpoints: number
  /** Names of the configured scheduling profiles. */
  readonly profiles: readonly string[]
  /** Seeded; the only source of randomness that keeps decisions reproducible. */
  readonly rng: Rng
  /** A column that the plugin declared. Throws for a key that it did not declare. */
  column(key: ColumnKey): Column
  /** A resource that the plugin declared. Throws for a key that it did not declare. */
  resource<T>(key: ResourceKey<T>): T
}

export interface PluginSpec<Params> {
  /** Name in the configuration, kebab-case. */
  readonly type: string
  readonly stability: Stability
  /** One line for the reference. */
  readonly summary: string
  /** Strict schema of `parameters`; its defaults are the plugin's defaults. */
  readonly params: z.ZodType<Params>
  readonly consumes?: { readonly required?: readonly DataKey[]; readonly optional?: readonly DataKey[] }
  readonly produces?: readonly DataKey[]
}

/** A definition once `define*` has erased its parameter type: what the plugin table and the registry hold. */
export interface PluginDefinition<Instance = unknown> {
  readonly stage: PluginStage
  readonly type: string
  readonly stability: Stability
  readonly summary: string
  readonly params: z.ZodType
  readonly requires: readonly DataKey[]
  readonly uses: readonly DataKey[]
  readonly produces: readonly DataKey[]
  /** Checks `parameters` against the schema first: throws a ZodError if they do not fit. */
  create(parameters: unknown, context: PluginContext): Instance
}

/** Shared by the `define*` functions; not for plugins. */
export function toDefinition<Params, Instance>(
  stage: PluginStage,
  spec: PluginSpec<Params>,
  create: (params: Params, context: PluginContext) => Instance,
): PluginDefinition<Instance> {
  return {
    stage,
    type: spec.type,
    stability: spec.stability,
    summary: spec.summary,
    params: spec.params,
    requires: spec.consumes?.required ?? [],
    uses: spec.consumes?.optional ?? [],
    produces: spec.produces ?? [],
    create: (parameters, context) => create(spec.params.parse(parameters ?? {}), context),
  }
}
