import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineMapping } from '#/fleet/scrape/engine-mapping.ts'
import { ENGINE_MAPPINGS } from '#/fleet/scrape/engine-mappings.ts'
import { commitPage, createEngineMemory, noteRestart } from '#/fleet/scrape/page-commit.ts'
import { compilePagePlan } from '#/fleet/scrape/page-plan.ts'
import { PageScanner } from '#/fleet/scrape/page-scanner.ts'
import { toVllmPage } from '#/fleet/scrape/testing/vllm-page.ts'
import { AdapterTable } from '#/fleet/state/adapter-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { endpointAdapters, kvCacheUtilization, waitingQueueSize } from '#/sdk/keys.ts'

const SLOT = 1

const OTHER: EngineMapping = {
  engine: 'other',
  columns: [{ column: waitingQueueSize, series: 'other_waiting', combine: 'sum' }],
  restart: [{ series: 'other_tokens', restartedWhen: 'it falls' }],
}

function create(): { scan(page: string): PageScanner; columns: ColumnStore; adapters: AdapterTable } {
  const columns = new ColumnStore(4)
  const adapters = new AdapterTable(new EndpointTable(columns))
  const plan = compilePagePlan([...ENGINE_MAPPINGS, OTHER], new Set([waitingQueueSize, kvCacheUtilization, endpointAdapters]), columns)
  return {
    columns,
    adapters,
    scan(page) {
      const scanner = new PageScanner(plan)
      scanner.scan(Buffer.from(page))
      scanner.end()
      return scanner
    },
  }
}

test('values carry the time of their scrape; what a page lacks or garbles keeps its value and its age', () => {
  const { scan, columns, adapters } = create()
  const waiting = columns.column(waitingQueueSize)
  const kvUsage = columns.column(kvCacheUtilization)
  commitPage(scan(toVllmPage({ waiting: 3, kvUsage: 0.5 })), SLOT, 1000, adapters)
  assert.deepEqual([waiting.values[SLOT], waiting.updatedAtMs[SLOT]], [3, 1000])
  assert.deepEqual([kvUsage.values[SLOT], kvUsage.updatedAtMs[SLOT]], [0.5, 1000])
  commitPage(scan('vllm:num_requests_waiting 4\n'), SLOT, 2000, adapters)
  commitPage(scan('vllm:num_requests_waiting NaN\nvllm:kv_cache_usage_perc -1\n'), SLOT, 3000, adapters)
  assert.deepEqual([waiting.values[SLOT], waiting.updatedAtMs[SLOT]], [4, 2000])
  assert.deepEqual([kvUsage.values[SLOT], kvUsage.updatedAtMs[SLOT]], [0.5, 1000])
  assert.deepEqual([waiting.values[0], waiting.updatedAtMs[0]], [0, -Infinity])
})

test('a share is cut at 1, and the newer name of a series wins over the older', () => {
  const { scan, columns, adapters } = create()
  const kvUsage = columns.column(kvCacheUtilization)
  commitPage(scan('vllm:gpu_cache_usage_perc 0.7\n'), SLOT, 1, adapters)
  assert.equal(kvUsage.values[SLOT], 0.7)
  commitPage(scan('vllm:gpu_cache_usage_perc 0.7\nvllm:kv_cache_usage_perc 1.5\n'), SLOT, 2, adapters)
  assert.equal(kvUsage.values[SLOT], 1)
})

test('adapters come as comma lists, and go when the page does not have them any more', () => {
  const { scan, adapters } = create()
  commitPage(scan(toVllmPage({ active: 'a, b,,', waitingAdapters: 'c' })), SLOT, 1, adapters)
  assert.deepEqual([adapters.activeNames(SLOT), adapters.waitingNames(SLOT), adapters.maxActive(SLOT)], [['a', 'b'], ['c'], 4])
  commitPage(scan(toVllmPage()), SLOT, 2, adapters)
  assert.deepEqual([adapters.activeNames(SLOT), adapters.maxActive(SLOT)], [[], 4])
  commitPage(scan('vllm:num_requests_waiting 4\n'), SLOT, 3, adapters)
  assert.equal(adapters.maxActive(SLOT), 0)
})

test('a restart shows in a new start time or in counters that fall, and in nothing else', () => {
  const { scan } = create()
  const memory = createEngineMemory()
  const isRestart = (page: string): boolean => noteRestart(scan(page), memory)
  assert.equal(isRestart(toVllmPage({ startedAt: 1000, promptTokens: 100 })), false, 'the first page')
  assert.equal(isRestart(toVllmPage({ startedAt: 1000, promptTokens: 200 })), false)
  assert.equal(isRestart(toVllmPage({ startedAt: 1007, promptTokens: 200 })), true)
  assert.equal(isRestart(toVllmPage({ startedAt: 1007, promptTokens: 200 })), false, 'only once')
  assert.equal(isRestart(toVllmPage({ startedAt: 1007, promptTokens: 10 })), true)
  assert.equal(isRestart('vllm:num_requests_waiting 4\nvllm:prompt_tokens_total NaN\n'), false, 'a page without counters says nothing')
  assert.equal(isRestart(toVllmPage({ startedAt: 1007, promptTokens: 9 })), true, 'and what was known before stays known')
})

test('another engine on the same address is a restart, and its counters start afresh', () => {
  const { scan } = create()
  const memory = createEngineMemory()
  assert.equal(noteRestart(scan(toVllmPage()), memory), false)
  assert.equal(noteRestart(scan('other_waiting 1\nother_tokens 5\n'), memory), true)
  assert.equal(noteRestart(scan('other_waiting 1\nother_tokens 5\n'), memory), false)
  assert.equal(noteRestart(scan('other_waiting 1\nother_tokens 4\n'), memory), true)
})
