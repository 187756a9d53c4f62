/**
 * What: scores 1 - min(1, tokens in flight / queueThresholdTokens).
 *
 * Intent: distribution by prompt work still to be done, where counting requests would take a long prompt for a short one.
 *
 * Inputs: inflight-tokens.
 *
 * Configuration: `queueThresholdTokens` (4194304 = 128 prompts of 32,768 tokens).
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: token-load-scorer
 *     parameters: { queueThresholdTokens: 262144 }
 * ```
 */
import { z } from 'zod'
import { inflightTokens } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const tokenLoadScorer: ScorerDefinition = defineScorer({
  type: 'token-load-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints with the fewest prompt tokens in flight.',
  params: z.strictObject({ queueThresholdTokens: z.int().min(1).default(4_194_304) }),
  consumes: { required: [inflightTokens] },
  create({ queueThresholdTokens }, context) {
    const { values } = context.column(inflightTokens)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        for (let i = 0; i < count; i++) out[i] = 1 - Math.min(1, Math.max(0, values[slots[i]!]! / queueThresholdTokens))
      },
    }
  },
})
