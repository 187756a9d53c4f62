/**
 * What: scores 1 for the candidate that computes the fewest requests, 0 for the one that computes the most, linear between:
 * (max - r) / (max - min). Everyone scores 1 where all are equal.
 *
 * Intent: distribution; evens out batch sizes.
 *
 * Inputs: running-requests-size, as last scraped.
 *
 * Configuration: none.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: running-requests-size-scorer
 * ```
 */
import { z } from 'zod'
import { scoreFewest } from '#/plugins/scorers/score-fewest.ts'
import { runningRequestsSize } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const runningRequestsSizeScorer: ScorerDefinition = defineScorer({
  type: 'running-requests-size-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints that compute the fewest requests.',
  params: z.strictObject({}),
  consumes: { required: [runningRequestsSize] },
  create(_params, context) {
    const { values } = context.column(runningRequestsSize)
    return {
      score(_request, candidates, out) {
        scoreFewest(values, candidates, out)
      },
    }
  },
})
