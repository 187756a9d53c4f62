import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndpointView, FleetView } from '#/admin/fleet-view.ts'
import { LiveTable, renderFleet } from '#/app/live-table.ts'

const ESCAPE = '\u001b'
const NOT_SCRAPED = { value: 0, ageMs: null }

function endpointView(name: string, options: Partial<EndpointView> = {}): EndpointView {
  return {
    key: `default/${name}`,
    address: name,
    readiness: 'ready',
    reason: null,
    labels: {},
    models: [],
    adapters: { active: [], waiting: [], max: 0 },
    scraped: {
      waiting: NOT_SCRAPED,
      running: NOT_SCRAPED,
      kvCacheUtilization: NOT_SCRAPED,
      cacheBlockSize: NOT_SCRAPED,
      cacheNumBlocks: NOT_SCRAPED,
    },
    scrape: { intervalMs: 1000, isStale: false, lastError: null },
    inflight: { requests: 0, promptTokens: 0, outputTokens: 0 },
    totals: { started: 0, completed: 0, failed: 0, promptTokens: 0, cachedTokens: 0 },
    ttftMs: null,
    prefixBlocks: 0,
    ...options,
  }
}

const view = (endpoints: readonly EndpointView[], atMs = 1000): FleetView => ({
  atMs,
  endpoints,
  prefixIndex: { usedBytes: 0, budgetBytes: 0, blocks: 0 },
})

const BUSY: Partial<EndpointView> = {
  adapters: { active: ['sql', 'chat'], waiting: [], max: 4 },
  scraped: {
    waiting: { value: 2, ageMs: 10 },
    running: { value: 16, ageMs: 10 },
    kvCacheUtilization: { value: 0.456, ageMs: 10 },
    cacheBlockSize: NOT_SCRAPED,
    cacheNumBlocks: NOT_SCRAPED,
  },
  totals: { started: 30, completed: 20, failed: 0, promptTokens: 1000, cachedTokens: 250 },
  ttftMs: 41.7,
}

const cellsOf = (line: string | undefined): string[] => line!.trim().split(/ {2,}/)

test('a row an endpoint: its load, its rate since the last look, its hit rate', () => {
  const previous = view([endpointView('a:1', { totals: { ...endpointView('').totals, started: 20 } })], 1000)
  const lines = renderFleet(view([endpointView('a:1', BUSY), endpointView('b:1')], 3000), previous, 200, 50)
  assert.deepEqual(cellsOf(lines[1]), ['endpoint', 'state', 'running', 'waiting', 'KV', 'req/s', 'hit rate', 'TTFT', 'adapters'])
  assert.deepEqual(cellsOf(lines[2]), ['a:1', 'ready', '16', '2', '46%', '5.0', '25%', '42 ms', 'sql chat'])
  assert.deepEqual(cellsOf(lines[3]), ['b:1', 'ready', '-', '-', '-', '-', '-', '-'])
  assert.equal(lines.length, 4)
})

test('an endpoint whose numbers are old is stale, unless it is down anyway', () => {
  const scrape = { intervalMs: 1000, isStale: true, lastError: 'timeout' }
  const lines = renderFleet(view([endpointView('a:1', { scrape }), endpointView('b:1', { scrape, readiness: 'down' })]), undefined, 200, 50)
  assert.match(lines[2]!, /^a:1 +stale/)
  assert.match(lines[3]!, /^b:1 +down/)
})

test('no line is wider than the terminal, and the table is never as high', () => {
  const many = view(Array.from({ length: 30 }, (_, i) => endpointView(`endpoint-${i}:8000`, BUSY)))
  const lines = renderFleet(many, undefined, 40, 12)
  assert.ok(lines.every((line) => line.length < 40))
  assert.equal(lines.length, 11)
  assert.equal(lines.at(-1), 'and 22 more')
  const exact = view(many.endpoints.slice(0, 9))
  assert.equal(renderFleet(exact, undefined, 40, 12).length, 11)
  assert.match(renderFleet(exact, undefined, 40, 12).at(-1)!, /^endpoint-8/)
  assert.ok(renderFleet(many, undefined, 40, 1).length > 2, 'something is shown on the smallest terminal')
})

test('names from model servers do no harm to the terminal', () => {
  const adapters = { active: [`evil${ESCAPE}[2J`], waiting: [], max: 4 }
  assert.ok(
    !renderFleet(view([endpointView('a:1', { adapters })]), undefined, 200, 50)
      .join()
      .includes(ESCAPE),
  )
})

test('it redraws itself in place, and log lines stay above it', () => {
  const written: string[] = []
  const table = new LiveTable({ write: (text) => written.push(text), columns: 80, rows: 24 })
  table.print('before\n')
  table.draw(view([endpointView('a:1')]))
  table.print('a log line\n')
  table.draw(view([endpointView('a:1'), endpointView('b:1')]))
  assert.equal(written[0], 'before\n')
  assert.match(written[1]!, /^\nendpoint.*\na:1.*\n$/)
  assert.match(written[2]!.replaceAll(ESCAPE, 'ESC'), /^ESC\[3AESC\[Ja log line\n\nendpoint.*\na:1.*\n$/)
  assert.match(written[3]!.replaceAll(ESCAPE, 'ESC'), /^ESC\[3AESC\[J\nendpoint.*\na:1.*\nb:1.*\n$/)
})
