import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runningRequestsSizeScorer } from '#/plugins/scorers/running-requests-size-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'

test('scores (max - r) / (max - min) over the candidates', () => {
  const harness = createPluginHarness()
  harness.set(runningRequestsSize, [10, 0, 40, 30])
  harness.set(waitingQueueSize, [9, 0, 0, 0])
  assert.deepEqual(scoresOf(harness.create(runningRequestsSizeScorer), [0, 1, 2, 3]), [0.75, 1, 0, 0.25])
})

test('scores 1 for everyone where all are equal', () => {
  const harness = createPluginHarness()
  assert.deepEqual(scoresOf(harness.create(runningRequestsSizeScorer), [0, 1]), [1, 1])
})
