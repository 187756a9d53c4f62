/**
 * What: scores 1 for the candidate with the shortest waiting queue, 0 for the one with the longest, linear between: (max - q) / (max - min).
 * Everyone scores 1 where all queues are equal.
 *
 * Intent: distribution; keeps requests away from engines that already make others wait.
 *
 * Inputs: waiting-queue-size, as last scraped.
 *
 * Configuration: none.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: queue-scorer
 * schedulingProfiles:
 *   - name: default
 *     plugins:
 *       - { pluginRef: queue-scorer, weight: 2 }
 * ```
 */
import { z } from 'zod'
import { scoreFewest } from '#/plugins/scorers/score-fewest.ts'
import { waitingQueueSize } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const queueScorer: ScorerDefinition = defineScorer({
  type: 'queue-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints with the shortest waiting queues.',
  params: z.strictObject({}),
  consumes: { required: [waitingQueueSize] },
  create(_params, context) {
    const { values } = context.column(waitingQueueSize)
    return {
      score(_request, candidates, out) {
        scoreFewest(values, candidates, out)
      },
    }
  },
})
