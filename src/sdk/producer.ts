/** Producers fill request-scoped columns and resources before a request is scheduled, and fleet-scoped ones as attempts live and end. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { toDefinition } from '#/sdk/plugin.ts'
import type { PluginContext, PluginDefinition, PluginSpec } from '#/sdk/plugin.ts'

export interface Producer extends AttemptHooks {
  /** Writes what it produces for `candidates`, the full set before any filter. Must not fail the request. */
  produce?(request: InferenceRequest, candidates: Candidates): void
}

export interface ProducerSpec<Params> extends PluginSpec<Params> {
  create(params: Params, context: PluginContext): Producer
}

export interface ProducerDefinition extends PluginDefinition<Producer> {
  readonly stage: 'producer'
}

export function defineProducer<Params>(spec: ProducerSpec<Params>): ProducerDefinition {
  return { ...toDefinition('producer', spec, (params, context) => spec.create(params, context)), stage: 'producer' }
}
