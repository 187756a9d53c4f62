/** When an open loop sends its requests, whatever became of the earlier ones. */
import type { Rng } from '#/lib/rng.ts'

export interface Arrivals {
  /** Milliseconds from the start to the next request; never falls. Undefined once there is none left. */
  next(): number | undefined
}

/** Independent arrivals at a mean rate: exponential gaps. */
export function poissonArrivals(ratePerSecond: number, rng: Rng): Arrivals {
  const meanGapMs = 1000 / ratePerSecond
  let atMs = 0
  return { next: () => (atMs += -Math.log(1 - rng.next()) * meanGapMs) }
}

/** One request each 1/rate seconds, the first at the start. */
export function fixedArrivals(ratePerSecond: number): Arrivals {
  const gapMs = 1000 / ratePerSecond
  let count = 0
  return { next: () => count++ * gapMs }
}

/** The times of a trace (ms, ascending), run through `speed` times as fast, the first at the start. */
export function traceArrivals(timesMs: readonly number[], speed: number): Arrivals {
  const firstMs = timesMs[0] ?? 0
  let index = 0
  return {
    next() {
      const timeMs = timesMs[index++]
      return timeMs === undefined ? undefined : (timeMs - firstMs) / speed
    },
  }
}
