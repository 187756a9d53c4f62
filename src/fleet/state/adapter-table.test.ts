import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdapterTable } from '#/fleet/state/adapter-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

function create(): { table: EndpointTable; adapters: AdapterTable; endpoint: Endpoint } {
  const table = new EndpointTable(new ColumnStore(8))
  const adapters = new AdapterTable(table)
  const endpoint = table.add({ namespace: 'default', name: 'a', scheme: 'http', host: '10.0.0.1', port: 80, labels: {} })
  return { table, adapters, endpoint }
}

test('active and waiting adapters are told apart, with one number for each name', () => {
  const { adapters, endpoint } = create()
  const { slot } = endpoint
  assert.equal(adapters.idOf('x'), -1)
  adapters.set(slot, { active: ['x', 'y'], waiting: ['y', 'z', 'z'], max: 4 })
  const seen = ['x', 'y', 'z'].map((name) => [adapters.isActive(slot, adapters.idOf(name)), adapters.isWaiting(slot, adapters.idOf(name))])
  assert.deepEqual(seen, [
    [true, false],
    [true, true],
    [false, true],
  ])
  assert.deepEqual([adapters.activeCount(slot), adapters.waitingCount(slot), adapters.maxActive(slot)], [2, 2, 4])
  assert.equal(adapters.isActive(slot + 1, adapters.idOf('x')), false)
})

test('the newest report replaces the one before', () => {
  const { adapters, endpoint } = create()
  adapters.set(endpoint.slot, { active: ['x'], waiting: [], max: 4 })
  adapters.set(endpoint.slot, { active: ['y'], waiting: [], max: 2 })
  assert.equal(adapters.idOf('x'), -1)
  assert.equal(adapters.isActive(endpoint.slot, adapters.idOf('y')), true)
  assert.deepEqual(
    [adapters.activeNames(endpoint.slot), adapters.waitingNames(endpoint.slot), adapters.maxActive(endpoint.slot)],
    [['y'], [], 2],
  )
})

test('nothing is left of an endpoint that restarted or is gone', () => {
  for (const end of [
    (table: EndpointTable, { ref }: Endpoint) => table.reportRestart(ref),
    (table: EndpointTable, { ref }: Endpoint) => void table.remove(ref),
  ]) {
    const { table, adapters, endpoint } = create()
    const { slot } = endpoint
    adapters.set(slot, { active: ['x'], waiting: ['y'], max: 4 })
    end(table, endpoint)
    assert.deepEqual([adapters.activeCount(slot), adapters.waitingCount(slot), adapters.maxActive(slot)], [0, 0, 0])
    assert.deepEqual([adapters.idOf('x'), adapters.idOf('y')], [-1, -1])
    assert.deepEqual([adapters.activeNames(slot), adapters.waitingNames(slot)], [[], []])
  }
})
