import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportReadiness } from '#/admin/readiness.ts'
import { RouterRig, testPool } from '#/request/testing/router-rig.ts'

test('ready while every pool has an endpoint that is', () => {
  const [a, b] = [testPool('default/a'), testPool('default/b')]
  const { table, join } = bind(new RouterRig([a, b]))
  join(a, 'a0')
  const down = join(a, 'a1')
  join(b, 'b0')
  table.setReadiness(down.ref, 'down', 'refused')
  assert.deepEqual(reportReadiness([a, b], table, false), { ready: true, reasons: [] })
})

test('each pool without a ready endpoint is a reason, with the state of its endpoints', () => {
  const [a, b, c] = [testPool('default/a'), testPool('default/b'), testPool('default/c')]
  const { table, join } = bind(new RouterRig([a, b, c]))
  const [first, second] = [join(a, 'a0'), join(a, 'a1')]
  join(b, 'b0')
  table.setReadiness(first.ref, 'down', 'connection refused')
  table.setReadiness(second.ref, 'unknown')
  const report = reportReadiness([a, b, c], table, false)
  assert.equal(report.ready, false)
  assert.deepEqual(report.reasons, [
    'pool default/a has no ready endpoint: a0:8000 down (connection refused), a1:8000 unknown',
    'pool default/c has no endpoints',
  ])
})

test('of a large pool a few endpoints are named, and how many there are beside them', () => {
  const pool = testPool()
  const { table, join } = bind(new RouterRig([pool]))
  for (let i = 0; i < 9; i++) table.setReadiness(join(pool, `e${i}`).ref, 'down')
  assert.match(reportReadiness([pool], table, false).reasons[0]!, /e4:8000 down, and 4 more$/)
})

test('a gateway that drains is not ready, whoever else is', () => {
  const pool = testPool()
  const { table, join } = bind(new RouterRig([pool]))
  join(pool, 'e0')
  const report = reportReadiness([pool], table, true)
  assert.equal(report.ready, false)
  assert.match(report.reasons[0]!, /^draining/)
})

function bind(rig: RouterRig): Pick<RouterRig, 'table' | 'join'> {
  return { table: rig.table, join: (pool, name, ...models) => rig.join(pool, name, ...models) }
}
