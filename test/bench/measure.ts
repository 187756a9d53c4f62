/** One measurement: one scenario, one contender, fresh processes, one record. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readProcessUsage } from '#/loadgen/process-usage.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'
import type { ChildProcesses } from './child-processes.ts'
import { LOAD_CORE, type Contender, type RunningContender } from './contenders.ts'
import { readMemory, resetPeak } from './peak-memory.ts'
import type { Measure, Scenario } from './scenarios.ts'

export interface Measured {
  readonly scenario: string
  readonly contender: string
  readonly repetition: number
  /** Undefined where nothing was loaded. */
  readonly load?: LoadResult
  /** Growth of the contender's memory over what it was before. */
  readonly growthBytes?: number
  readonly idle?: { readonly cores: number; readonly rssBytes: number } | undefined
}

export interface MeasureOptions {
  readonly processes: ChildProcesses
  /** Of a window's full length. */
  readonly timeScale: number
  readonly repetition: number
}

const MODEL = 'bench-model'
const MEMORY_SETTLE_MS = 1000
/** Longest that a load process may take, its own times included. */
const LOAD_TIMEOUT_MS = 120_000

/** Undefined if there is nothing to measure: no gateway has no memory. */
export async function measure(scenario: Scenario, contender: Contender, options: MeasureOptions): Promise<Measured | undefined> {
  const { processes, repetition } = options
  if (contender.name === 'direct' && scenario.measure.kind !== 'load') return undefined
  try {
    const flags = ['--ports', String(scenario.endpoints), '--interval-ms', String(scenario.intervalMs)]
    const backend = processes.start(LOAD_CORE, process.execPath, ['--conditions=headgate-source', 'test/bench/static-backend.ts', ...flags])
    const { urls }: { urls: string[] } = JSON.parse(await backend.firstLine())
    const running = await contender.start(processes, urls)
    const base = { scenario: scenario.name, contender: contender.name, repetition }
    return { ...base, ...(await measureKind(scenario.measure, running, backend.pid, options)) }
  } finally {
    await processes.stopAll()
  }
}

type Figures = Pick<Measured, 'load' | 'growthBytes' | 'idle'>

async function measureKind(kind: Measure, running: RunningContender, backendPid: number, options: MeasureOptions): Promise<Figures> {
  const { processes, timeScale, repetition } = options
  const pid = running.process?.pid
  const pids = [`--pid backend=${backendPid}`, ...(pid === undefined ? [] : [`--pid gateway=${pid}`])].join(' ')
  // Each run has prompts of its own, so that no cache knows them from an earlier one.
  const seed = 2 * repetition + 1
  const load = (args: string, seed: number): Promise<LoadResult> =>
    runLoadProcess(processes, running.urls, `${args} ${pids} --seed ${seed}`)
  switch (kind.kind) {
    case 'load': {
      if (kind.prepare !== undefined) await load(kind.prepare, seed)
      const seconds = Math.max(kind.minSeconds ?? 0, kind.seconds * timeScale)
      return { load: await load(`${kind.args} --duration ${seconds}s --warmup ${kind.warmupSeconds}s`, seed + 1) }
    }
    case 'memory': {
      if (pid === undefined) return {}
      await load(kind.prepare, seed)
      await sleep(MEMORY_SETTLE_MS)
      resetPeak(pid)
      const before = readMemory(pid)
      const result = await load(`${kind.args} --duration ${kind.seconds * timeScale}s --warmup 0`, seed + 1)
      return { load: result, growthBytes: readMemory(pid).peakBytes - before.rssBytes }
    }
    case 'idle': {
      await sleep(kind.settleSeconds * 1000)
      return pid === undefined ? {} : { idle: await measureIdle(pid, kind.seconds * timeScale) }
    }
    default:
      return kind satisfies never
  }
}

async function measureIdle(pid: number, seconds: number): Promise<Measured['idle']> {
  const start = readProcessUsage(pid)
  const startedAtMs = performance.now()
  await sleep(seconds * 1000)
  const end = readProcessUsage(pid)
  if (start === undefined || end === undefined) throw new Error(`process ${pid} is gone`)
  return { cores: ((end.cpuSeconds - start.cpuSeconds) * 1000) / (performance.now() - startedAtMs), rssBytes: end.rssBytes }
}

async function runLoadProcess(processes: ChildProcesses, urls: readonly string[], args: string): Promise<LoadResult> {
  const command = ['--conditions=headgate-source', 'test/bench/load-process.ts', 'load', ...urls, '--json', '--model', MODEL]
  return JSON.parse(await processes.run(LOAD_CORE, process.execPath, [...command, ...args.split(' ')], LOAD_TIMEOUT_MS))
}
