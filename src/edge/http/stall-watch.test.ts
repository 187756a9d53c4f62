import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StallWatch } from '#/edge/http/stall-watch.ts'

test('rest is counted from the first look that saw it', () => {
  const watch = new StallWatch()
  assert.equal(watch.look(5, 1_000), 0)
  assert.equal(watch.look(5, 3_000), 2_000)
  assert.equal(watch.look(6, 4_000), 0)
  assert.equal(watch.look(6, 9_000), 5_000)
  watch.reset()
  assert.equal(watch.look(6, 10_000), 0)
})

test('NaN is never at rest', () => {
  const watch = new StallWatch()
  for (const nowMs of [0, 1_000, 2_000]) assert.equal(watch.look(Number.NaN, nowMs), 0)
})
