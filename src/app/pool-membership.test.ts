import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepMembers } from '#/app/pool-membership.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { EndpointSpec } from '#/fleet/state/endpoint-table.ts'
import type { Pool } from '#/request/pool.ts'

const spec = (name: string, role: string): EndpointSpec => ({
  namespace: 'default',
  name,
  scheme: 'http',
  host: 'localhost',
  port: 1,
  labels: { role },
})

test('members follow the fleet, sorted, as a new array each time', () => {
  const table = new EndpointTable(new ColumnStore(8))
  const graph = {
    profiles: new Map(),
    handler: { next: () => undefined, finish: () => assert.fail() },
    producers: [],
    hooks: [],
    consumed: new Set<never>(),
    prefixMatch: undefined,
  }
  const pool: Pool = { name: 'default/p', slots: new Uint16Array(0), graph }
  const first = table.add(spec('a', 'decode'))
  const stop = keepMembers(pool, table, (endpoint) => endpoint.labels['role'] === 'decode')
  table.add(spec('b', 'prefill'))
  const held = pool.slots
  table.add(spec('c', 'decode'))
  assert.deepEqual([...pool.slots], [0, 2])
  assert.deepEqual([...held], [0])
  table.remove(first.ref)
  assert.deepEqual([...pool.slots], [2])
  stop()
  table.add(spec('d', 'decode'))
  assert.deepEqual([...pool.slots], [2])
})
