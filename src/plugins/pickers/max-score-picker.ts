/**
 * What: picks the endpoint with the highest total score; candidates with equal scores are equally likely.
 *
 * Intent: follows the scorers to the letter.
 *
 * Inputs: total scores.
 *
 * Configuration: `maxNumOfEndpoints` (1), endpoints that a decision names: the pick, then fallbacks in order.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: max-score-picker
 *     parameters: { maxNumOfEndpoints: 2 }
 * ```
 */
import { z } from 'zod'
import { rankByScore } from '#/plugins/pickers/rank-by-score.ts'
import { definePicker } from '#/sdk/picker.ts'
import type { PickerDefinition } from '#/sdk/picker.ts'

export const maxScorePicker: PickerDefinition = definePicker({
  type: 'max-score-picker',
  stability: 'beta',
  summary: 'Picks the endpoint with the highest total score.',
  params: z.strictObject({ maxNumOfEndpoints: z.int().min(1).default(1) }),
  create({ maxNumOfEndpoints }, { rng }) {
    return {
      maxNumOfEndpoints,
      pick: (_request, candidates, total, ranked) => rankByScore(candidates, total, ranked, rng),
    }
  },
})
