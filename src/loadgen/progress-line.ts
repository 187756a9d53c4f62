/** One line on a terminal that is written over as a run goes on; silent where the stream is no terminal. */
import type { LoadProgress } from '#/loadgen/load-options.ts'

export interface ProgressStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export interface ProgressLine {
  show(progress: LoadProgress): void
  /** Removes the line. */
  clear(): void
}

const CLEAR_LINE = '\r\u001B[K'

/** `totalMs`: warm-up and window, Infinity if the end is open. */
export function createProgressLine(stream: ProgressStream, totalMs: number): ProgressLine {
  if (stream.isTTY !== true) return { show() {}, clear() {} }
  const total = totalMs === Infinity ? '' : ` of ${Math.round(totalMs / 1000)}`
  return {
    show({ phase, elapsedMs, endedRequests, inFlight, waiting, bad }) {
      const parts = [`${Math.floor(elapsedMs / 1000)}${total} s`, phase, `${endedRequests} requests done`, `${inFlight} in flight`]
      if (waiting > 0) parts.push(`${waiting} waiting`)
      if (bad > 0) parts.push(`${bad} failed`)
      stream.write(CLEAR_LINE + parts.join(', '))
    },
    clear: () => stream.write(CLEAR_LINE),
  }
}
