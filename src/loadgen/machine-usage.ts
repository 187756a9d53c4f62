/** Busy and stolen CPU time of the whole machine from /proc/stat (proc(5)): tells whether others disturbed a measurement. */
import { readFileSync } from 'node:fs'

export interface MachineUsage {
  /** CPU seconds spent on anything but idling, over all cores since boot. */
  readonly busySeconds: number
  /** CPU seconds that the hypervisor gave to others. */
  readonly stolenSeconds: number
}

const TICKS_PER_SECOND = 100

/** Undefined where there is no /proc. */
export function readMachineUsage(): MachineUsage | undefined {
  try {
    return machineUsageOf(readFileSync('/proc/stat', 'latin1'))
  } catch {
    return undefined
  }
}

export function machineUsageOf(stat: string): MachineUsage {
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, softInterrupt = 0, stolen = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/ +/)
    .slice(1)
    .map(Number)
  return { busySeconds: (user + nice + system + interrupt + softInterrupt) / TICKS_PER_SECOND, stolenSeconds: stolen / TICKS_PER_SECOND }
}
