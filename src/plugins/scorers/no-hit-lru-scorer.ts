/**
 * What: for a request that no candidate has anything cached for, scores 1 - rank / (N - 1): rank 0 for the candidate whose last such request is
 * oldest. Candidates that never had one all rank 0. Any other request scores 0.5 everywhere, which changes nothing.
 *
 * Intent: distribution; where a new prefix goes, its followers go, so new prefixes are dealt out evenly.
 *
 * Inputs: prefix-match; learns from each request that is sent to an endpoint with nothing of it cached.
 *
 * Configuration: `lruSize` (1024), endpoints remembered.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: no-hit-lru-scorer
 * ```
 */
import { z } from 'zod'
import { prefixMatch } from '#/sdk/keys.ts'
import { defineScorer } from '#/sdk/scorer.ts'
import type { ScorerDefinition } from '#/sdk/scorer.ts'

const NEUTRAL = 0.5

export const noHitLruScorer: ScorerDefinition = defineScorer({
  type: 'no-hit-lru-scorer',
  intent: 'distribution',
  stability: 'beta',
  summary: 'Deals requests with nothing cached anywhere to the endpoints that had none for the longest time.',
  params: z.strictObject({ lruSize: z.int().min(1).default(1024) }),
  consumes: { required: [prefixMatch] },
  create({ lruSize }, context) {
    const match = context.resource(prefixMatch)
    /** Slots by their last cold request, the oldest first. */
    const recent = new Set<number>()
    /** 1 + a candidate's index while a request is scored, 0 otherwise. Indexed by slot. */
    const indexOf = new Uint16Array(context.maxEndpoints)
    return {
      score(_request, candidates, out) {
        const { slots, count } = candidates
        for (let i = 0; i < count; i++) {
          if (match.blocks[slots[i]!] === 0) continue
          out.fill(NEUTRAL, 0, count)
          return
        }
        let rank = 0
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!
          out[i] = 1
          if (recent.has(slot)) indexOf[slot] = i + 1
          else rank++
        }
        for (const slot of recent) {
          if (indexOf[slot] === 0) continue
          if (count > 1) out[indexOf[slot]! - 1] = 1 - rank / (count - 1)
          indexOf[slot] = 0
          rank++
        }
      },
      attemptSent({ slot, matchedBlocks }) {
        if (matchedBlocks > 0) return
        recent.delete(slot)
        recent.add(slot)
        if (recent.size > lruSize) recent.delete(recent.values().next().value!)
      },
      endpointReset(slot) {
        recent.delete(slot)
      },
    }
  },
})
