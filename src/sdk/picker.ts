/** Pickers turn total scores into an ordered list of endpoints: the pick, then where to go if it cannot be reached. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { toDefinition } from '#/sdk/plugin.ts'
import type { PluginContext, PluginDefinition, PluginSpec } from '#/sdk/plugin.ts'

export interface Picker extends AttemptHooks {
  /** How many endpoints the decision names where the edge has no use for fallbacks of its own. */
  readonly maxNumOfEndpoints: number
  /**
   * Writes up to `ranked.length` distinct slots of `candidates` into `ranked`, best first, and returns how many. `total[i]` is the weighted
   * score of `candidates.slots[i]`. Both may be used as scratch. `candidates.count` is at least 1.
   */
  pick(request: InferenceRequest, candidates: Candidates, total: Float64Array, ranked: Uint16Array): number
}

export interface PickerSpec<Params> extends PluginSpec<Params> {
  create(params: Params, context: PluginContext): Picker
}

export interface PickerDefinition extends PluginDefinition<Picker> {
  readonly stage: 'picker'
}

export function definePicker<Params>(spec: PickerSpec<Params>): PickerDefinition {
  return { ...toDefinition('picker', spec, (params, context) => spec.create(params, context)), stage: 'picker' }
}
