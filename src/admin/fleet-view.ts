/** The fleet as JSON: every endpoint with its numbers and how old they are. What `/api/fleet` answers and the terminal table draws. */
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Endpoint, EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Column, ColumnKey } from '#/sdk/data-key.ts'
import {
  cacheBlockSize,
  cacheNumBlocks,
  inflightOutputTokens,
  inflightRequests,
  inflightTokens,
  kvCacheUtilization,
  runningRequestsSize,
  waitingQueueSize,
} from '#/sdk/keys.ts'
import type { EndpointStats } from '#/telemetry/endpoint-stats.ts'

/** A scraped number. `ageMs` is null before the first value. */
export interface AgedValue {
  readonly value: number
  readonly ageMs: number | null
}

export interface EndpointView {
  readonly key: string
  readonly address: string
  readonly readiness: string
  readonly reason: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly models: readonly string[]
  readonly adapters: { readonly active: readonly string[]; readonly waiting: readonly string[]; readonly max: number }
  readonly scraped: {
    readonly waiting: AgedValue
    readonly running: AgedValue
    readonly kvCacheUtilization: AgedValue
    readonly cacheBlockSize: AgedValue
    readonly cacheNumBlocks: AgedValue
  }
  readonly scrape: { readonly intervalMs: number; readonly isStale: boolean; readonly lastError: string | null }
  readonly inflight: { readonly requests: number; readonly promptTokens: number; readonly outputTokens: number }
  readonly totals: {
    readonly started: number
    readonly completed: number
    readonly failed: number
    readonly promptTokens: number
    readonly cachedTokens: number
  }
  /** Smoothed milliseconds from sending to the first byte; null before the first answer. */
  readonly ttftMs: number | null
  readonly prefixBlocks: number
}

export interface FleetView {
  readonly atMs: number
  readonly endpoints: readonly EndpointView[]
  readonly prefixIndex: { readonly usedBytes: number; readonly budgetBytes: number; readonly blocks: number }
}

export interface FleetViewSources {
  readonly columns: ColumnStore
  readonly table: EndpointTable
  readonly stats: EndpointStats
  readonly nowMs: () => number
  readonly wallMs: () => number
  readonly modelsOf: (slot: number) => readonly string[]
  readonly adaptersOf: (slot: number) => { active: readonly string[]; waiting: readonly string[]; max: number }
  readonly scrape: {
    intervalMs(slot: number): number
    isStale(slot: number, nowMs: number, thresholdMs: number): boolean
    lastError(slot: number): string | undefined
  }
  readonly index: {
    readonly usedBytes: number
    readonly budgetBytes: number
    readonly totalBlocks: number
    blockCount(slot: number): number
  }
}

/** Data older than this is called stale, unless the endpoint is scraped more slowly than that. */
const STALE_MS = 2000

export function viewFleet(sources: FleetViewSources): FleetView {
  const nowMs = sources.nowMs()
  return {
    atMs: sources.wallMs(),
    endpoints: [...sources.table.all()].map((endpoint) => viewEndpoint(endpoint, nowMs, sources)),
    prefixIndex: {
      usedBytes: sources.index.usedBytes,
      budgetBytes: sources.index.budgetBytes,
      blocks: sources.index.totalBlocks,
    },
  }
}

function viewEndpoint(endpoint: Endpoint, nowMs: number, sources: FleetViewSources): EndpointView {
  const { slot } = endpoint
  const { columns, stats, scrape } = sources
  const aged = (key: ColumnKey): AgedValue => toAged(columns.column(key), slot, nowMs)
  const value = (key: ColumnKey): number => columns.column(key).values[slot]!
  return {
    key: endpoint.key,
    address: endpoint.address,
    readiness: endpoint.readiness,
    reason: endpoint.reason ?? null,
    labels: endpoint.labels,
    models: sources.modelsOf(slot),
    adapters: sources.adaptersOf(slot),
    scraped: {
      waiting: aged(waitingQueueSize),
      running: aged(runningRequestsSize),
      kvCacheUtilization: aged(kvCacheUtilization),
      cacheBlockSize: aged(cacheBlockSize),
      cacheNumBlocks: aged(cacheNumBlocks),
    },
    scrape: {
      intervalMs: scrape.intervalMs(slot),
      isStale: scrape.isStale(slot, nowMs, STALE_MS),
      lastError: scrape.lastError(slot) ?? null,
    },
    inflight: { requests: value(inflightRequests), promptTokens: value(inflightTokens), outputTokens: value(inflightOutputTokens) },
    totals: {
      started: stats.started[slot]!,
      completed: stats.completed[slot]!,
      failed: stats.failed[slot]!,
      promptTokens: stats.promptTokens[slot]!,
      cachedTokens: stats.cachedTokens[slot]!,
    },
    ttftMs: stats.ttftMs[slot] === 0 ? null : stats.ttftMs[slot]!,
    prefixBlocks: sources.index.blockCount(slot),
  }
}

function toAged(column: Column, slot: number, nowMs: number): AgedValue {
  const updatedAtMs = column.updatedAtMs[slot]!
  return { value: column.values[slot]!, ageMs: updatedAtMs === -Infinity ? null : Math.round(nowMs - updatedAtMs) }
}
