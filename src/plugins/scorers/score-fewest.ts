/** The score of plugins that prefer the endpoint with the fewest of something, relative to the other candidates. */
import type { Candidates } from '#/sdk/candidates.ts'

/** (max - n) / (max - min), and 1 for everyone where all are equal: the formula of the reference's queue and running-requests scorers. */
export function scoreFewest(values: Float64Array, candidates: Candidates, out: Float64Array): void {
  const { slots, count } = candidates
  let min = Infinity
  let max = 0
  for (let i = 0; i < count; i++) {
    const value = toCount(values[slots[i]!]!)
    if (value < min) min = value
    if (value > max) max = value
  }
  const range = max - min
  for (let i = 0; i < count; i++) out[i] = range > 0 ? (max - toCount(values[slots[i]!]!)) / range : 1
}

/** Whatever an endpoint reports, a count is finite and not negative. */
function toCount(value: number): number {
  return value > 0 ? Math.min(value, Number.MAX_VALUE) : 0
}
