/** Step 6: runs the profiles that the profile handler asks for, and says where the request goes. Synchronous; owns the scratch memory. */
import { runProfile } from '#/request/schedule/run-profile.ts'
import type { MisbehavedScorer, ProfileScratch } from '#/request/schedule/run-profile.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import type { ProfileResult } from '#/sdk/profile-handler.ts'

/** Valid until the next call of `schedule`. */
export interface ScheduleResult {
  /** `ranked[0..count)`: slots, the pick first. `count` is at least 1. */
  readonly ranked: Uint16Array
  readonly count: number
  /** Endpoints beside the main one. A leg whose profile left nobody is not listed. */
  readonly legs: readonly ScheduledLeg[]
}

interface ScheduledLeg {
  readonly profile: string
  readonly slot: number
  readonly release: 'first-byte' | 'end'
}

export interface Scheduler {
  /**
   * Wants `wanted` endpoints at most, or as many as the profile's picker names by itself if those are more. Undefined: the filters of the main
   * profile left none of the candidates. `candidates` is not changed; the graph's producers have run for them.
   */
  schedule(graph: SchedulingGraph, request: InferenceRequest, candidates: Candidates, wanted: number): ScheduleResult | undefined
}

export function createScheduler(maxEndpoints: number, misbehaved: MisbehavedScorer): Scheduler {
  const scratch: ProfileScratch = {
    candidates: { slots: new Uint16Array(maxEndpoints), count: 0 },
    scores: new Float64Array(maxEndpoints),
    total: new Float64Array(maxEndpoints),
  }
  /** Where the n-th profile run of a request puts its result. */
  const rankedOf: Uint16Array[] = []
  const takeRanked = (run: number, length: number): Uint16Array => {
    const existing = rankedOf[run]
    return existing?.length === length ? existing : (rankedOf[run] = new Uint16Array(length))
  }

  return {
    schedule(graph, request, candidates, wanted) {
      const results: ProfileResult[] = []
      for (let name = graph.handler.next(request, results); name !== undefined; name = graph.handler.next(request, results)) {
        const profile = graph.profiles.get(name)
        if (profile === undefined) throw new Error(`the profile handler asks for the profile "${name}", which does not exist`)
        if (results.some((result) => result.profile === name)) throw new Error(`the profile handler asks for the profile "${name}" twice`)
        const length = Math.min(maxEndpoints, Math.max(wanted, profile.picker.plugin.maxNumOfEndpoints))
        const ranked = takeRanked(results.length, length)
        results.push({ profile: name, ranked, count: runProfile(profile, request, candidates, scratch, ranked, misbehaved) })
      }
      const { main, legs } = graph.handler.finish(request, results)
      if (main.count === 0) return undefined
      return {
        ranked: main.ranked,
        count: main.count,
        legs: legs
          .filter(({ result }) => result.count > 0)
          .map(({ result, release }) => ({ profile: result.profile, slot: result.ranked[0]!, release })),
      }
    },
  }
}
