/** Metrics that are read from the fleet's state when the page is asked for, rather than kept. */
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Pool } from '#/request/pool.ts'
import type { ColumnKey } from '#/sdk/data-key.ts'
import { inflightRequests, inflightTokens, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'
import type { Metrics } from '#/telemetry/metrics.ts'

export interface FleetMetricsSources {
  readonly columns: ColumnStore
  readonly table: EndpointTable
  readonly pools: readonly Pool[]
  readonly index: { readonly usedBytes: number; readonly budgetBytes: number; readonly totalBlocks: number }
  readonly version: string
}

export function collectFleetMetrics(metrics: Metrics, sources: FleetMetricsSources): void {
  const { columns, table, pools, index } = sources
  const perPool = [
    { key: kvCacheUtilization, average: metrics.gauge('averageKvCache'), deviation: metrics.gauge('stdDevKvCache') },
    { key: waitingQueueSize, average: metrics.gauge('averageQueue'), deviation: metrics.gauge('stdDevQueue') },
    { key: runningRequestsSize, average: metrics.gauge('averageRunning'), deviation: metrics.gauge('stdDevRunning') },
  ]
  const ready = metrics.gauge('readyEndpoints')
  const queue = metrics.gauge('endpointQueue')
  const requests = metrics.gauge('endpointRequests')
  const tokens = metrics.gauge('endpointTokens')
  const indexBytes = metrics.gauge('prefixIndexBytes')
  const indexSize = metrics.gauge('prefixIndexSize')
  metrics.gauge('info').set({ commit: '', build_ref: sources.version }, 1)
  const read = (key: ColumnKey, slot: number): number => columns.column(key).values[slot]!

  metrics.onCollect(() => {
    queue.reset()
    requests.reset()
    tokens.reset()
    for (const endpoint of table.all()) {
      const labels = { endpoint_name: endpoint.name, namespace: endpoint.namespace }
      requests.set(labels, read(inflightRequests, endpoint.slot))
      tokens.set(labels, read(inflightTokens, endpoint.slot))
    }
    for (const pool of pools) {
      const readySlots = [...pool.slots].filter((slot) => table.ready[slot] === 1)
      ready.set({ name: pool.name }, readySlots.length)
      for (const { key, average, deviation } of perPool) {
        const spread = meanAndDeviation(readySlots.map((slot) => read(key, slot)))
        average.set({ name: pool.name }, spread.mean)
        deviation.set({ name: pool.name }, spread.deviation)
      }
      for (const slot of readySlots) {
        queue.set({ name: pool.name, model_server_endpoint: table.at(slot)!.name }, read(waitingQueueSize, slot))
      }
    }
    indexBytes.set({ kind: 'used' }, index.usedBytes)
    indexBytes.set({ kind: 'budget' }, index.budgetBytes)
    indexSize.set(index.totalBlocks)
  })
}

/** Population standard deviation; both 0 for no values. */
export function meanAndDeviation(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  if (values.length === 0) return { mean: 0, deviation: 0 }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(variance) }
}
