/** Finds which of a few series names a line begins with, one byte at a time, so that a line may stop and go on anywhere. */

const ROW_SHIFT = 7

/** State of a walk that can match nothing. */
export const DEAD = 0
/** State at the start of a line. */
export const ROOT = 1

export class SeriesTrie {
  /** Indexed by state << 7 | byte: the next state. Only for bytes below 128. */
  readonly next: Uint16Array
  /** Indexed by state: the series whose whole name was read, or -1. */
  readonly seriesAt: Int16Array

  /** Series names are ASCII, as the exposition format wants them. The number of a name is its index. */
  constructor(names: readonly string[]) {
    const rows: Map<number, number>[] = [new Map(), new Map()]
    const seriesAt = [-1, -1]
    for (const [series, name] of names.entries()) {
      let state = ROOT
      for (let i = 0; i < name.length; i++) {
        const byte = name.charCodeAt(i)
        let following = rows[state]!.get(byte)
        if (following === undefined) {
          following = rows.push(new Map()) - 1
          seriesAt.push(-1)
          rows[state]!.set(byte, following)
        }
        state = following
      }
      seriesAt[state] = series
    }
    this.next = new Uint16Array(rows.length << ROW_SHIFT)
    this.seriesAt = Int16Array.from(seriesAt)
    for (const [state, row] of rows.entries()) {
      for (const [byte, following] of row) this.next[(state << ROW_SHIFT) | byte] = following
    }
  }
}
