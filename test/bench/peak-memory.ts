/** The highest resident memory of a process since it was last reset, to the page: sampling would miss a short peak. Linux only (proc(5)). */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Memory {
  readonly rssBytes: number
  readonly peakBytes: number
}

/** Sets the peak to the present size. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

export function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { rssBytes: field('VmRSS'), peakBytes: field('VmHWM') }
}
