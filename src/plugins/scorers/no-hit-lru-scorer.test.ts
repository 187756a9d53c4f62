import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rankByScore } from '#/plugins/pickers/rank-by-score.ts'
import { noHitLruScorer } from '#/plugins/scorers/no-hit-lru-scorer.ts'
import { fakeAttempt } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import type { Scorer } from '#/sdk/scorer.ts'
import { createRng } from '#/lib/rng.ts'

const SLOTS = [0, 1, 2, 3, 4]

describe('no-hit-lru-scorer', () => {
  test('ranks by the last cold request, the oldest first, those without one before all', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    assert.deepEqual(scoresOf(scorer, SLOTS), [1, 1, 1, 1, 1])
    sendCold(scorer, 3, 0, 4)
    // 1 and 2 never had one; 3 comes after those two, then 0, then 4.
    assert.deepEqual(scoresOf(scorer, SLOTS), [0.25, 1, 1, 0.5, 0])
    sendCold(scorer, 3)
    assert.deepEqual(scoresOf(scorer, SLOTS), [0.5, 1, 1, 0, 0.25])
  })

  test('ranks among the candidates only', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    sendCold(scorer, 4, 3, 2, 1, 0)
    assert.deepEqual(scoresOf(scorer, SLOTS), [0, 0.25, 0.5, 0.75, 1])
    assert.deepEqual(scoresOf(scorer, [0, 2, 4]), [0, 0.5, 1])
  })

  test('scores a single candidate 1, seen before or not', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    sendCold(scorer, 2)
    assert.deepEqual(scoresOf(scorer, [2]), [1])
    assert.deepEqual(scoresOf(scorer, [3]), [1])
  })

  test('scores 0.5 for everyone once a candidate holds a block of the prompt', () => {
    const harness = createPluginHarness()
    const scorer = harness.create(noHitLruScorer)
    sendCold(scorer, 0)
    harness.match.totalBlocks = 4
    harness.match.blocks[2] = 1
    assert.deepEqual(scoresOf(scorer, [0, 1, 2]), [0.5, 0.5, 0.5])
    assert.deepEqual(scoresOf(scorer, [0, 1]), [0, 1])
  })

  test('learns nothing from a request that met a warm cache', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    scorer.attemptSent!(fakeAttempt({ slot: 1, matchedBlocks: 2, totalBlocks: 4 }))
    assert.deepEqual(scoresOf(scorer, [0, 1]), [1, 1])
  })

  test('remembers lruSize endpoints and forgets the oldest', () => {
    const scorer = createPluginHarness().create(noHitLruScorer, { lruSize: 2 })
    sendCold(scorer, 0, 1, 2)
    assert.deepEqual(scoresOf(scorer, [0, 1, 2]), [1, 0.5, 0])
    sendCold(scorer, 0)
    assert.deepEqual(scoresOf(scorer, [0, 1, 2]), [0, 1, 0.5])
  })

  test('forgets an endpoint that is gone', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    sendCold(scorer, 0, 1)
    scorer.endpointReset!(1)
    assert.deepEqual(scoresOf(scorer, [0, 1]), [0, 1])
  })

  test('deals cold requests out so that nobody gets a second one before everyone had one', () => {
    const scorer = createPluginHarness().create(noHitLruScorer)
    const rng = createRng(7)
    const counts = new Map<number, number>(SLOTS.map((slot) => [slot, 0]))
    for (let i = 1; i <= 500; i++) {
      const ranked = new Uint16Array(1)
      rankByScore(candidatesOf(SLOTS), Float64Array.from(scoresOf(scorer, SLOTS)), ranked, rng)
      sendCold(scorer, ranked[0]!)
      counts.set(ranked[0]!, counts.get(ranked[0]!)! + 1)
      assert.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 1, `after ${i}: ${[...counts.values()].join(' ')}`)
    }
  })
})

function sendCold(scorer: Scorer, ...slots: number[]): void {
  for (const slot of slots) scorer.attemptSent!(fakeAttempt({ slot, totalBlocks: 4 }))
}
