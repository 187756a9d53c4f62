/** Finds out, from looks about a second apart, how long something has not moved: no clock is read and no timer set when it does move. */

export class StallWatch {
  #mark = Number.NaN
  #sinceMs = 0

  /** How long `mark` has been what it is; NaN is never at rest. */
  look(mark: number, nowMs: number): number {
    if (mark === this.#mark) return nowMs - this.#sinceMs
    this.#mark = mark
    this.#sinceMs = nowMs
    return 0
  }

  /** What was seen so far does not count. */
  reset(): void {
    this.#mark = Number.NaN
  }
}
