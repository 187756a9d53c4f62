import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxScorePicker } from '#/plugins/pickers/max-score-picker.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'

test('orders by score, the highest first', () => {
  const picker = createPluginHarness().create(maxScorePicker)
  const ranked = new Uint16Array(4)
  const count = picker.pick(fakeRequest(), candidatesOf([3, 5, 8, 13]), Float64Array.of(0.5, 2, 0, 1), ranked)
  assert.equal(count, 4)
  assert.deepEqual([...ranked], [5, 13, 3, 8])
})

test('never lets a lower score before a higher one, however ties fall', () => {
  const picker = createPluginHarness().create(maxScorePicker)
  const seen = new Set<string>()
  for (let i = 0; i < 200; i++) {
    const ranked = new Uint16Array(4)
    picker.pick(fakeRequest(), candidatesOf([0, 1, 2, 3]), Float64Array.of(1, 2, 2, 1), ranked)
    assert.deepEqual(new Set(ranked.subarray(0, 2)), new Set([1, 2]))
    seen.add(ranked.join(' '))
  }
  assert.deepEqual([...seen].sort(), ['1 2 0 3', '1 2 3 0', '2 1 0 3', '2 1 3 0'])
})
