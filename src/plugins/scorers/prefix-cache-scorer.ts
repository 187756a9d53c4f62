/**
 * What: scores how much of the prompt the candidate is believed to hold in its cache, with m = matched blocks x worth of their storage tier:
 * w * min(1, m * blockTokens / scale)^2 + (1 - w) * m / total blocks. A prompt without blocks scores 0 everywhere.
 *
 * Intent: affinity; the second term is the share of the prompt that need not be computed again, the first the amount, which a share hides.
 *
 * Inputs: prefix-match, from a prefix producer (approx-prefix-cache-producer where none is configured).
 *
 * Configuration: `matchLengthWeight` w (0), in [0, 1]; `matchLengthScaleTokens` scale (8192); `prefixMatchInfoProducerName`, the name of the
 * producer that is expected to feed this scorer: a configuration in which another one does is refused.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: prefix-cache-scorer
 *     parameters: { matchLengthWeight: 0.3 }
 * ```
 */
import { z } from 'zod'
import { prefixMatch } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const prefixCacheScorer: ScorerDefinition = defineScorer({
  type: 'prefix-cache-scorer',
  intent: 'affinity',
  stability: 'beta',
  summary: 'Prefers the endpoints that hold the longest beginning of the prompt in their cache.',
  params: z.strictObject({
    matchLengthWeight: z.number().min(0).max(1).default(0),
    matchLengthScaleTokens: z.number().positive().default(8192),
    prefixMatchInfoProducerName: z.string().min(1).optional(),
  }),
  consumes: { required: [prefixMatch] },
  create({ matchLengthWeight, matchLengthScaleTokens }, context) {
    const match = context.resource(prefixMatch)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        const { blocks, weight, totalBlocks, blockTokens } = match
        if (totalBlocks === 0) {
          out.fill(0, 0, count)
          return
        }
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!
          const matched = blocks[slot]! * Math.min(1, Math.max(0, weight[slot]!))
          const length = Math.min(1, (matched * blockTokens) / matchLengthScaleTokens)
          const share = Math.min(1, matched / totalBlocks)
          out[i] = matchLengthWeight * length * length + (1 - matchLengthWeight) * share
        }
      },
    }
  },
})
