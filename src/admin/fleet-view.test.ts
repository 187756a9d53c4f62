import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viewFleet } from '#/admin/fleet-view.ts'
import type { FleetView } from '#/admin/fleet-view.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { ColumnKey } from '#/sdk/data-key.ts'
import {
  inflightOutputTokens,
  inflightRequests,
  inflightTokens,
  kvCacheUtilization,
  runningRequestsSize,
  waitingQueueSize,
} from '#/sdk/keys.ts'
import { EndpointStats } from '#/telemetry/endpoint-stats.ts'

const NOW_MS = 5000

function createFleet() {
  const columns = new ColumnStore(4)
  const table = new EndpointTable(columns)
  const stats = new EndpointStats(4)
  const add = (name: string) => table.add({ namespace: 'default', name, scheme: 'http', host: name, port: 8000, labels: { zone: 'z' } })
  const put = (key: ColumnKey, slot: number, value: number, atMs: number): void => {
    columns.column(key).values[slot] = value
    columns.column(key).updatedAtMs[slot] = atMs
  }
  const view = (): FleetView =>
    viewFleet({
      columns,
      table,
      stats,
      nowMs: () => NOW_MS,
      wallMs: () => 1_700_000_000_000,
      modelsOf: (slot) => [`model-${slot}`],
      adaptersOf: () => ({ active: ['sql'], waiting: [], max: 4 }),
      scrape: {
        intervalMs: () => 250,
        isStale: (slot, nowMs, thresholdMs) => slot === 1 && nowMs === NOW_MS && thresholdMs > 0,
        lastError: (slot) => (slot === 1 ? 'refused' : undefined),
      },
      index: { usedBytes: 10, budgetBytes: 100, totalBlocks: 3, blockCount: (slot) => slot + 1 },
    })
  return { table, stats, add, put, view }
}

test('every endpoint with its numbers, and the age beside each scraped one', () => {
  const { table, stats, add, put, view } = createFleet()
  const { ref, slot } = add('a')
  table.setReadiness(ref, 'ready')
  put(waitingQueueSize, slot, 3, 4900)
  put(runningRequestsSize, slot, 7, 4000.4)
  put(kvCacheUtilization, slot, 0.5, 0)
  put(inflightRequests, slot, 2, 1)
  put(inflightTokens, slot, 800, 1)
  put(inflightOutputTokens, slot, 40, 1)
  stats.started[slot] = 9
  stats.completed[slot] = 5
  stats.failed[slot] = 1
  stats.promptTokens[slot] = 4000
  stats.cachedTokens[slot] = 1000
  stats.ttftMs[slot] = 12.5
  assert.deepEqual(view(), {
    atMs: 1_700_000_000_000,
    endpoints: [
      {
        key: 'default/a',
        address: 'a:8000',
        readiness: 'ready',
        reason: null,
        labels: { zone: 'z' },
        models: ['model-0'],
        adapters: { active: ['sql'], waiting: [], max: 4 },
        scraped: {
          waiting: { value: 3, ageMs: 100 },
          running: { value: 7, ageMs: 1000 },
          kvCacheUtilization: { value: 0.5, ageMs: 5000 },
          cacheBlockSize: { value: 0, ageMs: null },
          cacheNumBlocks: { value: 0, ageMs: null },
        },
        scrape: { intervalMs: 250, isStale: false, lastError: null },
        inflight: { requests: 2, promptTokens: 800, outputTokens: 40 },
        totals: { started: 9, completed: 5, failed: 1, promptTokens: 4000, cachedTokens: 1000 },
        ttftMs: 12.5,
        prefixBlocks: 1,
      },
    ],
    prefixIndex: { usedBytes: 10, budgetBytes: 100, blocks: 3 },
  })
})

test('an endpoint that is down says why, and is shown with what is not known as such', () => {
  const { table, add, view } = createFleet()
  add('a')
  table.setReadiness(add('b').ref, 'down', 'connection refused')
  const [, down] = view().endpoints
  assert.equal(down!.readiness, 'down')
  assert.equal(down!.reason, 'connection refused')
  assert.deepEqual(down!.scrape, { intervalMs: 250, isStale: true, lastError: 'refused' })
  assert.deepEqual(down!.scraped.waiting, { value: 0, ageMs: null })
  assert.equal(down!.ttftMs, null)
})

test('the view is what JSON can carry', () => {
  const { add, view } = createFleet()
  add('a')
  assert.deepEqual(JSON.parse(JSON.stringify(view())), view())
})
