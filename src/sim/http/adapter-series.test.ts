import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AdapterSeries } from '#/sim/http/adapter-series.ts'

it('AdapterSeries keeps old combinations with their old time, in order of first appearance, and drops the oldest of many', () => {
  const series = new AdapterSeries()
  series.report(['a'], [], 1)
  series.report(['b'], ['a'], 2)
  assert.deepEqual(series.report(['a'], [], 3), [
    { running: 'a', waiting: '', atSeconds: 3 },
    { running: 'b', waiting: 'a', atSeconds: 2 },
  ])
  let shown = series.report([], [], 4)
  for (let i = 5; i < 11; i++) shown = series.report([`c${i}`], [], i)
  assert.equal(shown.length, 8)
  assert.ok(!shown.some(({ running }) => running === 'b'))
  assert.ok(shown.some(({ running }) => running === 'a'))
})
