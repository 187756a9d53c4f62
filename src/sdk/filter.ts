/** Filters remove candidates that must not serve a request. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { toDefinition } from '#/sdk/plugin.ts'
import type { PluginContext, PluginDefinition, PluginSpec } from '#/sdk/plugin.ts'

export interface Filter extends AttemptHooks {
  /** Compacts `candidates` in place and keeps their order. May leave none: the request is then refused with 429. */
  keep(request: InferenceRequest, candidates: Candidates): void
}

export interface FilterSpec<Params> extends PluginSpec<Params> {
  create(params: Params, context: PluginContext): Filter
}

export interface FilterDefinition extends PluginDefinition<Filter> {
  readonly stage: 'filter'
}

export function defineFilter<Params>(spec: FilterSpec<Params>): FilterDefinition {
  return { ...toDefinition('filter', spec, (params, context) => spec.create(params, context)), stage: 'filter' }
}
