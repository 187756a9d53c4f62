/** The scores of a scorer for some slots, as a plain list. */
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf } from '#/plugins/testing/plugin-harness.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import type { Scorer } from '#/sdk/scorer.ts'

export function scoresOf(scorer: Scorer, slots: readonly number[], facts: Partial<InferenceRequest> = {}): number[] {
  const out = new Float64Array(slots.length)
  scorer.score(fakeRequest(facts), candidatesOf(slots), out)
  return [...out]
}
