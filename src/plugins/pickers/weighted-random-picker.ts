/**
 * What: picks a candidate with a probability proportional to its total score, the fallbacks in the same way among the rest. Candidates that score 0
 * or less come after all others, in random order.
 *
 * Intent: spreads load over all good endpoints where one gateway's scores lag or several gateways pick at the same time.
 *
 * Inputs: total scores.
 *
 * Configuration: `maxNumOfEndpoints` (1), endpoints that a decision names: the pick, then fallbacks in order.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: weighted-random-picker
 * ```
 *
 * Sampling: A-Res (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006): the candidates with the largest keys
 * U^(1/score), U uniform in (0, 1], compared by their logarithms.
 */
import { z } from 'zod'
import { rankByScore } from '#/plugins/pickers/rank-by-score.ts'
import { definePicker } from '#/sdk/picker.ts'
import type { PickerDefinition } from '#/sdk/picker.ts'

export const weightedRandomPicker: PickerDefinition = definePicker({
  type: 'weighted-random-picker',
  stability: 'beta',
  summary: 'Picks a candidate with a probability proportional to its total score.',
  params: z.strictObject({ maxNumOfEndpoints: z.int().min(1).default(1) }),
  create({ maxNumOfEndpoints }, { rng }) {
    return {
      maxNumOfEndpoints,
      pick(_request, candidates, total, ranked) {
        for (let i = 0; i < candidates.count; i++) {
          const score = total[i]!
          total[i] = score > 0 ? Math.log(1 - rng.next()) / score : -Infinity
        }
        return rankByScore(candidates, total, ranked, rng)
      },
    }
  },
})
