/** CPU time and memory of a process as Linux's /proc tells them (proc(5)). */
import { readFileSync } from 'node:fs'

export interface ProcessUsage {
  /** User and system time of all threads since the start, in seconds; the kernel reports hundredths. */
  readonly cpuSeconds: number
  readonly rssBytes: number
}

/** /proc counts in USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** Undefined if there is no such process or no /proc. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  try {
    return {
      cpuSeconds: cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'latin1')),
      rssBytes: rssBytesOf(readFileSync(`/proc/${pid}/status`, 'latin1')),
    }
  } catch {
    return undefined
  }
}

/** `stat` is the text of /proc/PID/stat: the command may itself hold spaces and parentheses, so fields are counted from the last one. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime are fields 14 and 15; the first one here is field 3.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function rssBytesOf(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
