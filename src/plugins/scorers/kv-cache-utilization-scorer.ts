/**
 * What: scores 1 - KV cache utilization.
 *
 * Intent: distribution; leaves room for the contexts that are being generated, so that engines need not preempt.
 *
 * Inputs: kv-cache-utilization, as last scraped.
 *
 * Configuration: none.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: kv-cache-utilization-scorer
 * ```
 */
import { z } from 'zod'
import { kvCacheUtilization } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

export const kvCacheUtilizationScorer: ScorerDefinition = defineScorer({
  type: 'kv-cache-utilization-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Prefers the endpoints with the most free KV cache.',
  params: z.strictObject({}),
  consumes: { required: [kvCacheUtilization] },
  create(_params, context) {
    const { values } = context.column(kvCacheUtilization)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        for (let i = 0; i < count; i++) out[i] = 1 - Math.min(1, Math.max(0, values[slots[i]!]!))
      },
    }
  },
})
