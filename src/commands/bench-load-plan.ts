/** From the flags of `headgate bench load` to what the generator is told: workload, arrivals, times. */
import { createRng } from '#/lib/rng.ts'
import { fixedArrivals, poissonArrivals, traceArrivals } from '#/loadgen/arrivals.ts'
import { groupedWorkload } from '#/loadgen/grouped-workload.ts'
import type { LoadOptions, LoadShape } from '#/loadgen/load-options.ts'
import { PromptText } from '#/loadgen/prompt-text.ts'
import { RequestTemplate, type Api } from '#/loadgen/request-template.ts'
import { syntheticTrace } from '#/loadgen/synthetic-trace.ts'
import { readTrace, spreadClumps } from '#/loadgen/trace-reader.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'
import { traceWorkload } from '#/loadgen/trace-workload.ts'
import type { Workload } from '#/loadgen/workload.ts'

export interface BenchLoadFlags {
  readonly rate?: number
  readonly fixed: boolean
  readonly concurrency?: number
  readonly duration?: number
  readonly warmup?: number
  readonly drain: number
  readonly timeout: number
  readonly limit?: number
  readonly api: Api
  readonly model?: string
  readonly stream: boolean
  readonly bodyBytes: number
  readonly maxTokens: number
  readonly groups: number
  readonly sharedBytes?: number
  readonly trace?: string
  readonly speed?: number
  readonly seed: number
  readonly abortShare?: number
  readonly abortAfter: number
  readonly header: readonly string[]
  readonly pid: ReadonlyMap<string, number>
  readonly endpointHeader: string
  readonly allowRemote: boolean
  readonly json: boolean
}

export type LoadPlan = Pick<LoadOptions, 'workload' | 'shape' | 'warmupMs' | 'durationMs' | 'maxRequests' | 'abort'> & {
  /** What is going to happen, for people. */
  readonly summary: string
}

/** In place of a trace's path: one is made up. */
export const SYNTHETIC_TRACE = 'synthetic'

const SYNTHETIC_REQUESTS = 1000
const SYNTHETIC_RATE = 3.4
const DEFAULT_DURATION_MS = 10_000
const DEFAULT_WARMUP_MS = 2000
const CLOSED_IN_FLIGHT = 64
const OPEN_IN_FLIGHT = 4096

/** Throws TraceError for a trace that cannot be read, RangeError for sizes that do not fit. */
export async function planLoad(flags: BenchLoadFlags, model: string): Promise<LoadPlan> {
  const { abortShare, seed } = flags
  const template = new RequestTemplate({ api: flags.api, model, stream: flags.stream })
  const source = flags.trace === undefined ? planGroups(flags, template) : await planTrace(flags, template, flags.trace)
  return {
    ...source,
    maxRequests: flags.limit ?? Infinity,
    ...(abortShare === undefined ? {} : { abort: { share: abortShare, afterMs: flags.abortAfter, rng: createRng(seed + 2) } }),
  }
}

type Source = Pick<LoadPlan, 'workload' | 'shape' | 'warmupMs' | 'durationMs' | 'summary'>

function planGroups(flags: BenchLoadFlags, template: RequestTemplate): Source {
  const { bodyBytes, maxTokens, groups, seed } = flags
  const sharedBytes = flags.sharedBytes ?? Math.max(0, (bodyBytes - template.overheadBytes(maxTokens)) >> 1)
  const workload: Workload = groupedWorkload({
    template,
    text: new PromptText(seed),
    rng: createRng(seed),
    bodyBytes,
    maxTokens,
    groups,
    sharedBytes,
  })
  const warmupMs = flags.warmup ?? DEFAULT_WARMUP_MS
  const durationMs = flags.duration ?? DEFAULT_DURATION_MS
  const shape = shapeOf(flags)
  const pace =
    shape.loop === 'closed' ? `${shape.inFlight} in flight` : `${flags.rate} requests/s (${flags.fixed ? 'evenly spaced' : 'Poisson'})`
  const size = `${bodyBytes}-byte bodies in ${groups} groups that share ${sharedBytes} bytes`
  return {
    workload,
    shape,
    warmupMs,
    durationMs,
    summary: `${pace} for ${durationMs / 1000} s after ${warmupMs / 1000} s of warm-up; ${size}`,
  }
}

function shapeOf({ rate, fixed, concurrency, seed }: BenchLoadFlags): LoadShape {
  if (rate === undefined) return { loop: 'closed', inFlight: concurrency ?? CLOSED_IN_FLIGHT }
  const arrivals = fixed ? fixedArrivals(rate) : poissonArrivals(rate, createRng(seed + 1))
  return { loop: 'open', arrivals, maxInFlight: concurrency ?? OPEN_IN_FLIGHT }
}

async function planTrace(flags: BenchLoadFlags, template: RequestTemplate, path: string): Promise<Source> {
  const records = await recordsOf(flags, path)
  const times = records.map((record) => record.atMs)
  const speed = flags.speed ?? 1
  const spanSeconds = (times.at(-1)! - times[0]!) / 1000 / speed
  return {
    workload: traceWorkload({ template, text: new PromptText(flags.seed), records }),
    shape: { loop: 'open', arrivals: traceArrivals(times, speed), maxInFlight: flags.concurrency ?? OPEN_IN_FLIGHT },
    warmupMs: flags.warmup ?? 0,
    durationMs: flags.duration ?? Infinity,
    summary: `${records.length} requests of ${path === SYNTHETIC_TRACE ? 'a synthetic trace' : path} over ${spanSeconds.toFixed(1)} s`,
  }
}

async function recordsOf({ limit, seed }: BenchLoadFlags, path: string): Promise<readonly TraceRecord[]> {
  if (path !== SYNTHETIC_TRACE) return await readTrace(path, limit)
  return spreadClumps(syntheticTrace({ requests: limit ?? SYNTHETIC_REQUESTS, requestsPerSecond: SYNTHETIC_RATE, rng: createRng(seed) }))
}
