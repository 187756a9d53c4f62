import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint, EndpointSpec } from '#/fleet/state/endpoint-table.ts'
import { waitingQueueSize } from '#/sdk/keys.ts'

function specOf(name: string, overrides: Partial<EndpointSpec> = {}): EndpointSpec {
  return { namespace: 'default', name, scheme: 'http', host: '10.0.0.1', port: 8000, labels: {}, ...overrides }
}

function createTable(maxEndpoints = 4): { table: EndpointTable; columns: ColumnStore } {
  const columns = new ColumnStore(maxEndpoints)
  return { columns, table: new EndpointTable(columns) }
}

test('an endpoint is known by reference, slot and key, and its addresses are spelled out', () => {
  const { table } = createTable()
  const a = table.add(specOf('a'))
  const b = table.add(specOf('b', { host: 'fd00::1', scheme: 'https', port: 443 }))
  assert.equal(table.get(a.ref), a)
  assert.equal(table.at(b.slot), b)
  assert.equal(table.byKey('default/b'), b)
  assert.deepEqual([...table.all()], [a, b])
  assert.equal(table.size, 2)
  assert.deepEqual([a.address, a.origin], ['10.0.0.1:8000', 'http://10.0.0.1:8000'])
  assert.deepEqual([b.address, b.origin], ['[fd00::1]:443', 'https://[fd00::1]:443'])
  assert.deepEqual([a.readiness, a.reason], ['unknown', 'not reached yet'])
})

test('a taken key and a full table are refused, and nothing is lost by it', () => {
  const { table } = createTable(2)
  const a = table.add(specOf('a'))
  assert.throws(() => table.add(specOf('a')), /endpoint default\/a is already in the fleet/)
  table.add(specOf('b'))
  assert.throws(() => table.add(specOf('c')), /maxEndpoints; default\/c is left out/)
  table.remove(a.ref)
  assert.equal(table.add(specOf('c')).slot, a.slot)
})

test('removing frees the slot once the last attempt on it ended, and only then resets its numbers', () => {
  const { table, columns } = createTable()
  const column = columns.column(waitingQueueSize)
  const a = table.add(specOf('a'))
  column.values[a.slot] = 9
  table.pin(a.slot)
  table.pin(a.slot)
  assert.equal(table.remove(a.ref), true)
  assert.equal(table.remove(a.ref), false)
  assert.equal(table.get(a.ref), undefined)
  assert.notEqual(table.add(specOf('b')).slot, a.slot)
  table.unpin(a.slot)
  assert.notEqual(table.add(specOf('c')).slot, a.slot)
  assert.equal(column.values[a.slot], 9)
  table.unpin(a.slot)
  assert.equal(column.values[a.slot], 0)
  const d = table.add(specOf('d'))
  assert.equal(d.slot, a.slot)
  assert.notEqual(d.ref, a.ref)
  assert.equal(table.get(a.ref), undefined)
})

test('a listener that ends the last attempt while the endpoint is removed does not free the slot twice', () => {
  const { table } = createTable()
  const a = table.add(specOf('a'))
  table.pin(a.slot)
  table.subscribe({ removed: ({ slot }) => table.unpin(slot) })
  table.remove(a.ref)
  assert.notEqual(table.add(specOf('b')).slot, table.add(specOf('c')).slot)
})

test('a pin that nobody holds cannot be taken back', () => {
  const { table } = createTable()
  const { slot } = table.add(specOf('a'))
  assert.throws(() => table.unpin(slot), /has no pin/)
  assert.equal(table.pinsOf(slot), 0)
})

test('readiness sets the hot-path flag, and only changes are announced', () => {
  const { table } = createTable()
  const a = table.add(specOf('a'))
  const heard: string[] = []
  const end = table.subscribe({ readinessChanged: (endpoint) => heard.push(endpoint.readiness) })
  table.setReadiness(a.ref, 'unknown', 'no answer')
  assert.equal(a.reason, 'no answer')
  table.setReadiness(a.ref, 'ready')
  table.setReadiness(a.ref, 'ready')
  assert.deepEqual([table.ready[a.slot], a.reason], [1, undefined])
  table.setReadiness(a.ref, 'down', 'refused')
  assert.deepEqual([table.ready[a.slot], a.reason], [0, 'refused'])
  assert.deepEqual(heard, ['ready', 'down'])
  table.setReadiness(a.ref, 'ready')
  end()
  table.remove(a.ref)
  assert.equal(table.ready[a.slot], 0)
  table.setReadiness(a.ref, 'ready')
  assert.equal(table.ready[a.slot], 0, 'a stale reference changes nothing')
  assert.deepEqual(heard, ['ready', 'down', 'ready'])
})

test('upsert adds, relabels in place, and treats another address as another endpoint', () => {
  const { table } = createTable()
  const heard: string[] = []
  table.subscribe({
    added: ({ ref }) => heard.push(`added ${ref}`),
    removed: ({ ref }) => heard.push(`removed ${ref}`),
    relabelled: ({ ref, labels }) => heard.push(`relabelled ${ref} ${JSON.stringify(labels)}`),
  })
  table.upsert(specOf('a'))
  const a = table.byKey('default/a')!
  table.upsert(specOf('a'))
  table.upsert(specOf('a', { labels: { tier: 'fast' } }))
  assert.equal(table.byKey('default/a'), a)
  assert.deepEqual(a.labels, { tier: 'fast' })
  table.upsert(specOf('a', { port: 8001 }))
  const moved = table.byKey('default/a')!
  assert.notEqual(moved.ref, a.ref)
  table.delete('default/a')
  table.delete('default/nobody')
  assert.equal(table.size, 0)
  assert.deepEqual(heard, [
    `added ${a.ref}`,
    `relabelled ${a.ref} {"tier":"fast"}`,
    `removed ${a.ref}`,
    `added ${moved.ref}`,
    `removed ${moved.ref}`,
  ])
})

test('a restart is announced for the present owner of the reference only', () => {
  const { table } = createTable()
  const a = table.add(specOf('a'))
  const heard: Endpoint[] = []
  table.subscribe({ restarted: (endpoint) => heard.push(endpoint) })
  table.reportRestart(a.ref)
  table.remove(a.ref)
  table.reportRestart(a.ref)
  assert.deepEqual(heard, [a])
})

test('whatever comes and goes: no stale reference is misread, no pinned slot is reused, every slot returns', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), name: fc.nat({ max: 9 }) }),
    fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('pin' as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant('unpin' as const), pick: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { table, columns } = createTable(5)
      const column = columns.column(waitingQueueSize)
      const live: Endpoint[] = []
      const gone: Endpoint[] = []
      const pins: Endpoint[] = []
      for (const move of steps) {
        if (move.kind === 'add') {
          if (live.some(({ name }) => name === `${move.name}`)) continue
          const held = new Set([...live, ...pins].map(({ slot }) => slot))
          if (held.size === 5) {
            assert.throws(() => table.add(specOf(`${move.name}`)), /maxEndpoints/)
            continue
          }
          const endpoint = table.add(specOf(`${move.name}`))
          assert.ok(!held.has(endpoint.slot))
          assert.equal(column.values[endpoint.slot], 0)
          column.values[endpoint.slot] = 1
          live.push(endpoint)
        } else if (move.kind === 'remove' && live.length > 0) {
          const [endpoint] = live.splice(move.pick % live.length, 1)
          assert.equal(table.remove(endpoint!.ref), true)
          gone.push(endpoint!)
        } else if (move.kind === 'pin' && live.length > 0) {
          const endpoint = live[move.pick % live.length]!
          table.pin(endpoint.slot)
          pins.push(endpoint)
        } else if (move.kind === 'unpin' && pins.length > 0) {
          const [endpoint] = pins.splice(move.pick % pins.length, 1)
          table.unpin(endpoint!.slot)
        }
        for (const endpoint of live) assert.equal(table.get(endpoint.ref), endpoint)
        for (const endpoint of gone) assert.equal(table.get(endpoint.ref), undefined)
        for (const endpoint of pins) assert.ok(table.at(endpoint.slot) === undefined || table.at(endpoint.slot) === endpoint)
      }
      for (const endpoint of live) table.remove(endpoint.ref)
      for (const endpoint of pins) table.unpin(endpoint.slot)
      const slots = Array.from({ length: 5 }, (_, index) => table.add(specOf(`again-${index}`)).slot)
      assert.deepEqual(
        slots.sort((x, y) => x - y),
        [0, 1, 2, 3, 4],
      )
    }),
    { numRuns: 150 },
  )
})
