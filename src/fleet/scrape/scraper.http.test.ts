import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { NetGet } from '#/fleet/scrape/net-get.ts'
import { Scraper } from '#/fleet/scrape/scraper.ts'
import { listenLocally } from '#/fleet/scrape/testing/local-server.ts'
import type { LocalServer } from '#/fleet/scrape/testing/local-server.ts'
import { toVllmPage } from '#/fleet/scrape/testing/vllm-page.ts'
import { AdapterTable } from '#/fleet/state/adapter-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint, Readiness } from '#/fleet/state/endpoint-table.ts'
import { systemClock } from '#/lib/clock.ts'
import type { Clock } from '#/lib/clock.ts'
import { createRng } from '#/lib/rng.ts'
import { waitingQueueSize } from '#/sdk/keys.ts'

/** The machine's clock, ten times as fast. */
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs() * 10,
  wallMs: () => systemClock.wallMs(),
  schedule: (delayMs, callback) => systemClock.schedule(delayMs / 10, callback),
}

function serveMetrics(port: number, page: () => string): Promise<LocalServer> {
  return listenLocally(
    createServer((_request, response) => response.end(page())),
    port,
  )
}

test('over real sockets: a server is found, followed, lost when it dies, and found again with its restart noticed', async () => {
  const columns = new ColumnStore(4)
  const table = new EndpointTable(columns)
  const first = await serveMetrics(0, () => toVllmPage({ waiting: 3 }))
  const { port } = first
  await using http = new NetGet()
  await using scraper = new Scraper({
    endpoints: table,
    columns,
    adapters: new AdapterTable(table),
    http,
    clock: fastClock,
    rng: createRng(1),
    consumed: new Set([waitingQueueSize]),
  })
  let restarts = 0
  let wanted: { readonly readiness: Readiness; readonly resolve: (endpoint: Endpoint) => void } | undefined
  table.subscribe({
    readinessChanged(endpoint) {
      if (endpoint.readiness === wanted?.readiness) wanted.resolve(endpoint)
    },
    restarted: () => restarts++,
  })
  const becomes = (readiness: Readiness): Promise<Endpoint> => new Promise((resolve) => (wanted = { readiness, resolve }))

  scraper.start()
  const { slot } = table.add({ namespace: 'default', name: 'a', scheme: 'http', host: '127.0.0.1', port, labels: {} })
  await becomes('ready')
  assert.equal(columns.column(waitingQueueSize).values[slot], 3)

  await first[Symbol.asyncDispose]()
  assert.equal((await becomes('down')).reason, 'the connection is refused')

  await using _second = await serveMetrics(port, () => toVllmPage({ waiting: 5, startedAt: 2000 }))
  await becomes('ready')
  assert.deepEqual([columns.column(waitingQueueSize).values[slot], restarts], [5, 1])
})
