/**
 * What: scores 1 for candidates with at most `idleThreshold` requests in flight; the others score (max - n) / max * maxBusyScore, where max is
 * the largest count among the candidates.
 *
 * Intent: distribution by what this gateway itself has sent: exact and never older than the last event, where scraped numbers lag.
 *
 * Inputs: inflight-requests.
 *
 * Configuration: `idleThreshold` (0), requests; `maxBusyScore` (1.0), in [0, 1].
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: active-request-scorer
 *     parameters: { idleThreshold: 2, maxBusyScore: 0.5 }
 * ```
 */
import { z } from 'zod'
import { inflightRequests } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const activeRequestScorer: ScorerDefinition = defineScorer({
  type: 'active-request-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints with the fewest requests in flight from this gateway.',
  params: z.strictObject({
    idleThreshold: z.int().min(0).default(0),
    maxBusyScore: z.number().min(0).max(1).default(1),
  }),
  consumes: { required: [inflightRequests] },
  create({ idleThreshold, maxBusyScore }, context) {
    const { values } = context.column(inflightRequests)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        let max = 0
        for (let i = 0; i < count; i++) max = Math.max(max, Math.min(values[slots[i]!]!, Number.MAX_VALUE))
        for (let i = 0; i < count; i++) {
          const inflight = Math.min(values[slots[i]!]!, Number.MAX_VALUE)
          out[i] = inflight <= idleThreshold ? 1 : ((max - inflight) / max) * maxBusyScore
        }
      },
    }
  },
})
