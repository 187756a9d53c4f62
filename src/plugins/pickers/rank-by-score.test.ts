import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { rankByScore } from '#/plugins/pickers/rank-by-score.ts'
import { candidatesOf } from '#/plugins/testing/plugin-harness.ts'

/** 99.9th percentile of the chi-square distribution with 5 degrees of freedom. */
const CHI_SQUARE_5_DF_999 = 20.52
const RUNS = 6000

test('makes every order of equal scores equally likely, wherever the lower scores stand', () => {
  const rng = createRng(11)
  const orders = new Map<string, number>()
  for (let i = 0; i < RUNS; i++) {
    const ranked = new Uint16Array(3)
    rankByScore(candidatesOf([0, 1, 2, 3, 4, 5]), Float64Array.of(1, 1, 1, 2, 2, 2), ranked, rng)
    const order = ranked.join(' ')
    orders.set(order, (orders.get(order) ?? 0) + 1)
  }
  assert.deepEqual([...orders.keys()].sort(), ['3 4 5', '3 5 4', '4 3 5', '4 5 3', '5 3 4', '5 4 3'])
  const expected = RUNS / 6
  const chiSquare = [...orders.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.ok(chiSquare < CHI_SQUARE_5_DF_999, JSON.stringify(Object.fromEntries(orders)))
})

test('asks for no randomness where no scores are equal', () => {
  const ranked = new Uint16Array(2)
  const rng = { next: () => assert.fail('asked'), below: () => assert.fail('asked') }
  assert.equal(rankByScore(candidatesOf([4, 5, 6]), Float64Array.of(1, 3, 2), ranked, rng), 2)
  assert.deepEqual([...ranked], [5, 6])
})
