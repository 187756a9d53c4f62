/**
 * What: takes the candidates in turn, whatever their scores: the pick is the first candidate after the one picked last, in order of slot.
 *
 * Intent: the yardstick that every other policy is compared with.
 *
 * Inputs: none.
 *
 * Configuration: `maxNumOfEndpoints` (1): how many endpoints a decision names.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: round-robin-picker
 * schedulingProfiles:
 *   - name: default
 *     plugins:
 *       - { pluginRef: round-robin-picker }
 * ```
 */
import { z } from 'zod'
import { definePicker } from '#/sdk/picker.ts'
import type { PickerDefinition } from '#/sdk/picker.ts'

export const roundRobinPicker: PickerDefinition = definePicker({
  type: 'round-robin-picker',
  stability: 'beta',
  summary: 'Takes the candidates in turn.',
  params: z.strictObject({ maxNumOfEndpoints: z.int().min(1).default(1) }),
  create({ maxNumOfEndpoints }) {
    let lastSlot = -1
    return {
      maxNumOfEndpoints,
      pick(_request, { slots, count }, _total, ranked) {
        let first = 0
        while (first < count && slots[first]! <= lastSlot) first++
        const picked = Math.min(count, ranked.length)
        for (let i = 0; i < picked; i++) ranked[i] = slots[(first + i) % count]!
        lastSlot = ranked[0]!
        return picked
      },
    }
  },
})
