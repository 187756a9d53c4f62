/** A Prometheus histogram: counts by upper bound, not cumulated. */

export class Histogram {
  /** Upper bounds, ascending; what is above the last counts in an extra place. */
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let place = 0
    while (place < this.bounds.length && value > this.bounds[place]!) place++
    this.counts[place]!++
    this.sum += value
  }
}
