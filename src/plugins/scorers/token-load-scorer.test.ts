import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenLoadScorer } from '#/plugins/scorers/token-load-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { inflightTokens } from '#/sdk/keys.ts'

test('falls from 1 at no tokens in flight to 0 at 4,194,304', () => {
  const harness = createPluginHarness()
  harness.set(inflightTokens, [0, 1_048_576, 4_194_304, 9_000_000])
  assert.deepEqual(scoresOf(harness.create(tokenLoadScorer), [0, 1, 2, 3]), [1, 0.75, 0, 0])
})

test('takes another threshold', () => {
  const harness = createPluginHarness()
  harness.set(inflightTokens, [250])
  assert.deepEqual(scoresOf(harness.create(tokenLoadScorer, { queueThresholdTokens: 1000 }), [0]), [0.75])
})
