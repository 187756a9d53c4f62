import assert from 'node:assert/strict'
import { test } from 'node:test'
import { weightedRandomPicker } from '#/plugins/pickers/weighted-random-picker.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'

const PICKS = 12_000
/** 99.9th percentile of the chi-square distribution with 2 degrees of freedom. */
const CHI_SQUARE_2_DF_999 = 13.82

test('picks in proportion to the scores', () => {
  const counts = countPicks([1, 2, 3])
  const expected = [PICKS / 6, PICKS / 3, PICKS / 2]
  const chiSquare = counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0)
  assert.ok(chiSquare < CHI_SQUARE_2_DF_999, counts.join(' '))
})

test('picks no candidate of score 0 while another has more', () => {
  assert.equal(countPicks([0, 1, 2])[0], 0)
})

test('picks anyone where all score 0', () => {
  const counts = countPicks([0, 0, 0])
  const chiSquare = counts.reduce((sum, count) => sum + (count - PICKS / 3) ** 2 / (PICKS / 3), 0)
  assert.ok(chiSquare < CHI_SQUARE_2_DF_999, counts.join(' '))
})

test('names those of score 0 as the last fallbacks', () => {
  const picker = createPluginHarness().create(weightedRandomPicker)
  for (let i = 0; i < 50; i++) {
    const ranked = new Uint16Array(3)
    picker.pick(fakeRequest(), candidatesOf([0, 1, 2]), Float64Array.of(1, 0, 1), ranked)
    assert.equal(ranked[2], 1)
  }
})

function countPicks(scores: readonly number[]): number[] {
  const picker = createPluginHarness({ seed: 4 }).create(weightedRandomPicker)
  const counts = scores.map(() => 0)
  for (let i = 0; i < PICKS; i++) {
    const ranked = new Uint16Array(1)
    picker.pick(fakeRequest(), candidatesOf(scores.keys()), Float64Array.from(scores), ranked)
    counts[ranked[0]!]!++
  }
  return counts
}
