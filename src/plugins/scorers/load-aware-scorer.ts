/**
 * What: scores 1 - waiting / threshold, and 0 from the threshold on: an absolute measure, where queue-scorer compares the candidates.
 * The reference's plugin of this name ends at 0.5; this one uses the whole range from 0 to 1, so that a weight means what it means for every
 * other scorer. Halve the weight of a configuration that is carried over.
 *
 * Intent: distribution; lets short queues count for little and long ones for much.
 *
 * Inputs: waiting-queue-size, as last scraped.
 *
 * Configuration: `threshold` (128), requests.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: load-aware-scorer
 *     parameters: { threshold: 64 }
 * ```
 */
import { z } from 'zod'
import { waitingQueueSize } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const loadAwareScorer: ScorerDefinition = defineScorer({
  type: 'load-aware-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints whose waiting queue is far below a threshold.',
  params: z.strictObject({ threshold: z.int().min(1).default(128) }),
  consumes: { required: [waitingQueueSize] },
  create({ threshold }, context) {
    const { values } = context.column(waitingQueueSize)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        for (let i = 0; i < count; i++) out[i] = 1 - Math.min(1, Math.max(0, values[slots[i]!]! / threshold))
      },
    }
  },
})
