/**
 * What: picks any candidate, all equally likely, whatever their scores.
 *
 * Intent: the baseline that every policy has to beat, and what is left where filters alone decide.
 *
 * Inputs: none.
 *
 * Configuration: `maxNumOfEndpoints` (1), endpoints that a decision names: the pick, then fallbacks in order.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: random-picker
 * ```
 */
import { z } from 'zod'
import { definePicker } from '#/sdk/picker.ts'
import type { PickerDefinition } from '#/sdk/picker.ts'

export const randomPicker: PickerDefinition = definePicker({
  type: 'random-picker',
  stability: 'beta',
  summary: 'Picks any candidate, all equally likely.',
  params: z.strictObject({ maxNumOfEndpoints: z.int().min(1).default(1) }),
  create({ maxNumOfEndpoints }, { rng }) {
    return {
      maxNumOfEndpoints,
      pick(_request, { slots, count }, _total, ranked) {
        const wanted = Math.min(count, ranked.length)
        for (let rank = 0; rank < wanted; rank++) {
          const at = rank + rng.below(count - rank)
          const slot = slots[at]!
          slots[at] = slots[rank]!
          slots[rank] = slot
          ranked[rank] = slot
        }
        return wanted
      },
    }
  },
})
