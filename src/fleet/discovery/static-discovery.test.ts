import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StaticDiscovery } from '#/fleet/discovery/static-discovery.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'

test('every URL becomes an endpoint of the fleet', async () => {
  const table = new EndpointTable(new ColumnStore(8))
  await using discovery = new StaticDiscovery(['http://a:8000', 'https://[::1]'])
  await discovery.start(table)
  assert.deepEqual(
    [...table.all()].map(({ key, origin, readiness }) => [key, origin, readiness]),
    [
      ['default/a:8000', 'http://a:8000', 'unknown'],
      ['default/[::1]:443', 'https://[::1]:443', 'unknown'],
    ],
  )
})

test('an endpoint that is given twice, however it is written, is refused', () => {
  assert.throws(
    () => new StaticDiscovery(['http://a', 'http://b', 'http://A:80/']),
    /the endpoint a:80 is given twice, the second time as "http:\/\/A:80\/"/,
  )
})

test('a URL that is no endpoint is refused before any is announced', () => {
  assert.throws(() => new StaticDiscovery(['http://a', 'b:80']), /no scheme/)
})
