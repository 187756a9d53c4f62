/**
 * Percentiles of durations in bounded memory: a log-linear histogram over whole microseconds with 256 sub-buckets an octave (the layout of
 * HdrHistogram). Count, minimum, maximum and mean are exact; a percentile is off by at most 1/512 of its value or half a microsecond.
 */

export interface LatencySummary {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

const SUB_BUCKET_BITS = 8
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS
/** Longest time that is told apart: 71 minutes. */
const MAX_MICROSECONDS = 0xffff_ffff
const BUCKETS = (32 - SUB_BUCKET_BITS + 1) * SUB_BUCKETS

export class LatencyRecorder {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #sumMs = 0
  #minMs = Infinity
  #maxMs = 0

  get count(): number {
    return this.#count
  }

  record(durationMs: number): void {
    const index = bucketOf(Math.min(MAX_MICROSECONDS, Math.max(0, Math.round(durationMs * 1000))))
    this.#buckets[index] = this.#buckets[index]! + 1
    this.#count++
    this.#sumMs += durationMs
    if (durationMs < this.#minMs) this.#minMs = durationMs
    if (durationMs > this.#maxMs) this.#maxMs = durationMs
  }

  /** The smallest recorded duration (ms) that at least `fraction` of all do not exceed (nearest rank); NaN if nothing was recorded. */
  percentile(fraction: number): number {
    if (this.#count === 0) return NaN
    const rank = Math.max(1, Math.ceil(fraction * this.#count))
    if (rank >= this.#count) return this.#maxMs
    let seen = 0
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#buckets[index]!
      if (seen >= rank) return Math.min(this.#maxMs, Math.max(this.#minMs, middleOf(index) / 1000))
    }
    return this.#maxMs
  }

  /** Undefined if nothing was recorded. All durations in ms. */
  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined
    return {
      count: this.#count,
      mean: this.#sumMs / this.#count,
      p50: this.percentile(0.5),
      p90: this.percentile(0.9),
      p95: this.percentile(0.95),
      p99: this.percentile(0.99),
      max: this.#maxMs,
    }
  }
}

/** Values below 256 have a bucket each; above, an octave [2^n, 2^(n+1)) has 256. */
function bucketOf(microseconds: number): number {
  if (microseconds < SUB_BUCKETS) return microseconds
  const octave = 31 - Math.clz32(microseconds) - SUB_BUCKET_BITS
  return (octave + 1) * SUB_BUCKETS + ((microseconds >>> octave) - SUB_BUCKETS)
}

function middleOf(index: number): number {
  if (index < SUB_BUCKETS) return index
  const octave = Math.floor(index / SUB_BUCKETS) - 1
  const widthMicroseconds = 2 ** octave
  return ((index % SUB_BUCKETS) + SUB_BUCKETS) * widthMicroseconds + (widthMicroseconds - 1) / 2
}
