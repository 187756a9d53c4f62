import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomPicker } from '#/plugins/pickers/random-picker.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'

test('cares for no score', () => {
  const picker = createPluginHarness().create(randomPicker)
  const seen = new Set<number>()
  for (let i = 0; i < 100; i++) {
    const ranked = new Uint16Array(1)
    picker.pick(fakeRequest(), candidatesOf([6, 7, 8]), Float64Array.of(100, 0, 0), ranked)
    seen.add(ranked[0]!)
  }
  assert.deepEqual(seen, new Set([6, 7, 8]))
})
