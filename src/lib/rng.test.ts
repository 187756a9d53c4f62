import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'

test('the same seed gives the same sequence, another seed another one', () => {
  const draw = (seed: number): number[] => {
    const rng = createRng(seed)
    return Array.from({ length: 20 }, () => rng.next())
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.notDeepEqual(draw(1), draw(1 + 2 ** 32))
})

test('below is uniform over its range', () => {
  const rng = createRng(1)
  const counts = Array.from({ length: 10 }, () => 0)
  const draws = 100_000
  for (let i = 0; i < draws; i++) counts[rng.below(10)]!++
  const expected = draws / 10
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.ok(chiSquare < 27.9, `chi-square ${chiSquare} with 9 degrees of freedom is beyond p = 0.001`)
})
