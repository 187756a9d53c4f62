/** The order of a picker that takes the best: by score, equal scores in random order. */
import type { Rng } from '#/lib/rng.ts'
import type { Candidates } from '#/sdk/candidates.ts'

/**
 * Writes up to `ranked.length` slots, the highest `score[i]` first, and returns how many. Every order of equal scores is equally likely, as if the
 * candidates were shuffled and then sorted stably; takes O(candidates x ranked) and reorders both inputs.
 */
export function rankByScore(candidates: Candidates, score: Float64Array, ranked: Uint16Array, rng: Rng): number {
  const { slots, count } = candidates
  const wanted = Math.min(count, ranked.length)
  for (let rank = 0; rank < wanted; rank++) {
    let best = rank
    let ties = 1
    for (let i = rank + 1; i < count; i++) {
      if (score[i]! > score[best]!) {
        best = i
        ties = 1
      } else if (score[i] === score[best] && rng.below(++ties) === 0) best = i
    }
    const slot = slots[best]!
    ranked[rank] = slot
    slots[best] = slots[rank]!
    slots[rank] = slot
    const bestScore = score[best]!
    score[best] = score[rank]!
    score[rank] = bestScore
  }
  return wanted
}
