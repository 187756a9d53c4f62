/** Replays a trace in virtual time: the gateway's own request path in front of simulated engines, thousands of requests a second. */
import { createRoutingCore } from '#/app/routing-core.ts'
import type { RoutingCore } from '#/app/routing-core.ts'
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { LatencyRecorder } from '#/loadgen/latency-recorder.ts'
import { PromptText } from '#/loadgen/prompt-text.ts'
import { API_PATHS, RequestTemplate } from '#/loadgen/request-template.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'
import { traceWorkload } from '#/loadgen/trace-workload.ts'
import { idealHitRate } from '#/replay/ideal-hit-rate.ts'
import type { ReplayTally } from '#/replay/replay-tally.ts'
import { ReplayedRequest } from '#/replay/replayed-request.ts'
import type { ReplayResult } from '#/replay/replay-result.ts'
import { scrapeRegularly } from '#/replay/virtual-endpoint.ts'
import type { VirtualEndpoint } from '#/replay/virtual-endpoint.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { Engine } from '#/sim/engine/engine.ts'

export interface ReplayOptions {
  readonly records: readonly TraceRecord[]
  readonly policy: BuiltInProfile
  readonly endpoints: number
  readonly engine: EngineConfig
  /** Time compression, above 0. */
  readonly speed: number
  readonly scrapeIntervalMs: number
  readonly seed: number
  /** Called now and then with the requests that have ended. */
  readonly onProgress?: (done: number, total: number) => void
}

const MODEL = 'trace-model'
const PREFIX_INDEX_BYTES = 256 * 1024 * 1024
const PROGRESS_EVERY = 256

export function replayTrace(options: ReplayOptions): ReplayResult {
  const clock = new VirtualClock()
  const core = createCore(options, clock)
  const fleet = createFleet(options, core, clock)
  const { engine, speed } = options
  const records = options.records.filter((record) => record.inputTokens + record.outputTokens <= engine.maxModelLen)
  const workload = traceWorkload({
    template: new RequestTemplate({ api: 'chat', model: MODEL, stream: true }),
    text: new PromptText(options.seed),
    records,
  })
  const tally: ReplayTally = {
    done: 0,
    refused: 0,
    good: 0,
    cachedTokens: 0,
    promptTokens: 0,
    ttft: new LatencyRecorder(),
    itl: new LatencyRecorder(),
  }
  scrapeRegularly(fleet, core.columns, clock, options.scrapeIntervalMs, () => tally.done === records.length)

  const startMs = records[0]?.atMs ?? 0
  for (const record of records) {
    clock.advanceTo((record.atMs - startMs) / speed)
    const planned = workload.next()!
    const body = Buffer.allocUnsafeSlow(planned.bodyBytes)
    planned.write(body, 0)
    new ReplayedRequest(record, body, API_PATHS.chat, core, fleet, clock, tally).start()
    if (tally.done % PROGRESS_EVERY === 0) options.onProgress?.(tally.done, records.length)
  }
  while (tally.done < records.length && clock.runNext());
  options.onProgress?.(tally.done, records.length)
  return {
    policy: options.policy,
    endpoints: options.endpoints,
    speed,
    seed: options.seed,
    requests: records.length,
    tooLong: options.records.length - records.length,
    refused: tally.refused,
    durationSeconds: clock.nowMs() / 1000,
    hitRate: tally.promptTokens === 0 ? 0 : tally.cachedTokens / tally.promptTokens,
    idealHitRate: idealHitRate(records),
    ttft: tally.ttft.summary(),
    itl: tally.itl.summary(),
    goodput: records.length === 0 ? 0 : tally.good / records.length,
    spread: spreadOf(fleet),
    preemptions: fleet.reduce((sum, { engine: each }) => sum + each.counters.preemptions, 0),
  }
}

function createCore(options: ReplayOptions, clock: VirtualClock): RoutingCore {
  return createRoutingCore({
    clock,
    profile: options.policy,
    maxEndpoints: options.endpoints,
    maxRequests: Number.MAX_SAFE_INTEGER,
    prefixIndexBytes: PREFIX_INDEX_BYTES,
    seed: options.seed,
    createModels: () => ({
      idOf: () => 0,
      serves: () => true,
      isOpen: () => false,
      confirmUnknown: () => Promise.resolve('found'),
      list: () => [{ id: MODEL }],
    }),
    observers: [],
    failed(_exchange, cause) {
      throw cause
    },
  })
}

function createFleet(options: ReplayOptions, core: RoutingCore, clock: VirtualClock): VirtualEndpoint[] {
  return Array.from({ length: options.endpoints }, (_, i) => {
    const endpoint = core.table.add({
      namespace: 'default',
      name: `replica-${i}`,
      scheme: 'http',
      host: 'virtual',
      port: i + 1,
      labels: {},
    })
    core.table.setReadiness(endpoint.ref, 'ready')
    return { endpoint, engine: new Engine(options.engine, clock) }
  })
}

/** Prompt tokens that were not cached, and generated tokens, are the work. */
function spreadOf(fleet: readonly VirtualEndpoint[]): number {
  const work = fleet.map(({ engine }) => {
    const { promptTokens, prefixHitTokens, generationTokens } = engine.counters
    return promptTokens - prefixHitTokens + generationTokens
  })
  const mean = work.reduce((sum, each) => sum + each, 0) / work.length
  if (mean === 0) return 0
  return Math.sqrt(work.reduce((sum, each) => sum + (each - mean) ** 2, 0) / work.length) / mean
}
