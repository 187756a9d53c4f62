/**
 * What: scores by the state of the requested adapter on the candidate: 1.0 active there; 0.6 waiting there; else 0.8 if the engine has an adapter
 * slot free (active + waiting < max) and 0 if it has none.
 *
 * Intent: affinity; spares the load of an adapter's weights. The adapter's state is looked at before the engine's room: an adapter that waits is
 * not loaded yet although its requests queue already, so an engine that can load it at once comes first, and one where it is as good as ordered
 * comes before one that would have to evict. A name that no engine ever reported, the base model's included, is judged by free slots alone.
 *
 * Inputs: the adapters of each endpoint, as last scraped.
 *
 * Configuration: none.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: lora-affinity-scorer
 * ```
 */
import { z } from 'zod'
import { endpointAdapters } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

const ACTIVE = 1
const FREE_SLOT = 0.8
const WAITING = 0.6
const FULL = 0

export const loraAffinityScorer: ScorerDefinition = defineScorer({
  type: 'lora-affinity-scorer',
  intent: 'affinity',
  stability: 'beta',
  summary: 'Prefers the endpoints that have the requested LoRA adapter loaded, then those that can load it.',
  params: z.strictObject({}),
  consumes: { required: [endpointAdapters] },
  create(_params, context) {
    const adapters = context.resource(endpointAdapters)
    return {
      score(request, candidates, out) {
        const { slots, count } = candidates
        const adapterId = adapters.idOf(request.targetModel)
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!
          if (adapterId >= 0 && adapters.isActive(slot, adapterId)) out[i] = ACTIVE
          else if (adapterId >= 0 && adapters.isWaiting(slot, adapterId)) out[i] = WAITING
          else out[i] = adapters.activeCount(slot) + adapters.waitingCount(slot) < adapters.maxActive(slot) ? FREE_SLOT : FULL
        }
      },
    }
  },
})
