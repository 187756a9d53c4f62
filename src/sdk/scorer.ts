/** Scorers say how good each candidate is for a request: 0 is worst, 1 is best. The profile multiplies by a weight and adds up. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { toDefinition } from '#/sdk/plugin.ts'
import type { PluginContext, PluginDefinition, PluginSpec } from '#/sdk/plugin.ts'

export interface Scorer extends AttemptHooks {
  /** Fills `out[i]` in [0, 1] for `candidates.slots[i]`, i < count. Changes nothing else, allocates nothing. */
  score(request: InferenceRequest, candidates: Candidates, out: Float64Array): void
}

/** The form for those who write a plugin in ten lines: one endpoint at a time. */
export interface EndpointScorer extends AttemptHooks {
  /** A number in [0, 1] for the endpoint in `slot`. */
  scoreEndpoint(request: InferenceRequest, slot: number): number
}

export interface ScorerSpec<Params> extends PluginSpec<Params> {
  /** What the score is for; documentation, and grouping in views. */
  readonly intent: 'distribution' | 'affinity' | 'balance'
  create(params: Params, context: PluginContext): Scorer | EndpointScorer
}

export interface ScorerDefinition extends PluginDefinition<Scorer> {
  readonly stage: 'scorer'
  readonly intent: 'distribution' | 'affinity' | 'balance'
}

export function defineScorer<Params>(spec: ScorerSpec<Params>): ScorerDefinition {
  const definition = toDefinition('scorer', spec, (params, context) => toScorer(spec.create(params, context)))
  return { ...definition, stage: 'scorer', intent: spec.intent }
}

function toScorer(instance: Scorer | EndpointScorer): Scorer {
  if ('score' in instance) return instance
  return Object.assign(instance, {
    score(request: InferenceRequest, candidates: Candidates, out: Float64Array): void {
      for (let i = 0; i < candidates.count; i++) out[i] = instance.scoreEndpoint(request, candidates.slots[i]!)
    },
  })
}
