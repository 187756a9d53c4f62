/** One run of a scheduling profile: filters, then scorers, then the picker, all in scratch memory. */
import type { SchedulingProfile } from '#/request/schedule/scheduling-graph.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

/** Reused from run to run; each array as long as the largest fleet. */
export interface ProfileScratch {
  readonly candidates: Candidates
  readonly scores: Float64Array
  readonly total: Float64Array
}

/** Told when a scorer gave no number for some endpoints, which then count as scored 0. */
export type MisbehavedScorer = (scorer: string, endpoints: number) => void

/** Writes the pick and the fallbacks into `ranked` and returns how many; 0 if the filters left nobody. */
export function runProfile(
  profile: SchedulingProfile,
  request: InferenceRequest,
  candidates: Candidates,
  scratch: ProfileScratch,
  ranked: Uint16Array,
  misbehaved: MisbehavedScorer,
): number {
  const remaining = scratch.candidates
  copyCandidates(candidates, remaining)
  for (const { plugin } of profile.filters) {
    plugin.keep(request, remaining)
    if (remaining.count === 0) return 0
  }
  const { scores, total } = scratch
  const { count } = remaining
  total.fill(0, 0, count)
  for (const { name, plugin, weight } of profile.scorers) {
    scores.fill(NaN, 0, count)
    plugin.score(request, remaining, scores)
    let missing = 0
    for (let i = 0; i < count; i++) {
      const score = scores[i]!
      if (score > 0) total[i] = total[i]! + weight * (score < 1 ? score : 1)
      else if (Number.isNaN(score)) missing++
    }
    if (missing > 0) misbehaved(name, missing)
  }
  return profile.picker.plugin.pick(request, remaining, total, ranked)
}

/** Element by element: `set(subarray())` would allocate a view. */
function copyCandidates(from: Candidates, to: Candidates): void {
  const { slots, count } = from
  for (let i = 0; i < count; i++) to.slots[i] = slots[i]!
  to.count = count
}
