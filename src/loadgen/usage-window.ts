/** CPU and memory of named processes, of this one and of the machine between two moments. */
import type { MachineResult, ProcessResult } from '#/loadgen/load-result.ts'
import { readMachineUsage, type MachineUsage } from '#/loadgen/machine-usage.ts'
import { readProcessUsage, type ProcessUsage } from '#/loadgen/process-usage.ts'

export interface WindowUsage {
  readonly processes: Record<string, ProcessResult | null>
  readonly machine: MachineResult | null
}

/** Name of the generator's own process among the results. */
export const OWN_PROCESS = 'load'

interface Watched {
  readonly pid: number
  readonly start: ProcessUsage | undefined
  peakRssBytes: number
}

const BYTES_PER_MB = 1e6

export class UsageWindow {
  readonly #watched = new Map<string, Watched>()
  readonly #machineStart: MachineUsage | undefined = readMachineUsage()
  readonly #startedAtMs: number = performance.now()

  /** Opens the window. `pids` by name. */
  constructor(pids: ReadonlyMap<string, number>) {
    for (const [name, pid] of [...pids, [OWN_PROCESS, process.pid] as const]) {
      const start = readProcessUsage(pid)
      this.#watched.set(name, { pid, start, peakRssBytes: start?.rssBytes ?? 0 })
    }
  }

  /** Takes a sample of the memory. */
  sample(): void {
    for (const watched of this.#watched.values()) {
      const usage = readProcessUsage(watched.pid)
      if (usage !== undefined) watched.peakRssBytes = Math.max(watched.peakRssBytes, usage.rssBytes)
    }
  }

  /** Closes the window, in which so many requests and events were counted. */
  close(requests: number, events: number): WindowUsage {
    const seconds = (performance.now() - this.#startedAtMs) / 1000
    const machineEnd = readMachineUsage()
    let ownSeconds = 0
    const processes: Record<string, ProcessResult | null> = {}
    for (const [name, { pid, start, peakRssBytes }] of this.#watched) {
      const end = readProcessUsage(pid)
      if (start === undefined || end === undefined) {
        processes[name] = null
        continue
      }
      const cpuSeconds = end.cpuSeconds - start.cpuSeconds
      ownSeconds += cpuSeconds
      processes[name] = {
        cpuCores: cpuSeconds / seconds,
        cpuUsPerRequest: requests === 0 ? 0 : (cpuSeconds * 1e6) / requests,
        cpuUsPerEvent: events === 0 ? 0 : (cpuSeconds * 1e6) / events,
        rssStartMb: start.rssBytes / BYTES_PER_MB,
        rssEndMb: end.rssBytes / BYTES_PER_MB,
        rssPeakMb: Math.max(peakRssBytes, end.rssBytes) / BYTES_PER_MB,
      }
    }
    return { processes, machine: this.#machine(machineEnd, ownSeconds, seconds) }
  }

  #machine(end: MachineUsage | undefined, ownSeconds: number, seconds: number): MachineResult | null {
    const start = this.#machineStart
    if (start === undefined || end === undefined) return null
    const busySeconds = end.busySeconds - start.busySeconds
    return {
      busyCores: busySeconds / seconds,
      otherCores: Math.max(0, busySeconds - ownSeconds) / seconds,
      stolenCores: (end.stolenSeconds - start.stolenSeconds) / seconds,
    }
  }
}
