import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queueScorer } from '#/plugins/scorers/queue-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'

test('scores (max - q) / (max - min) over the candidates', () => {
  const harness = createPluginHarness()
  harness.set(waitingQueueSize, [2, 7, 12, 500])
  harness.set(runningRequestsSize, [9, 0, 0, 0])
  const scorer = harness.create(queueScorer)
  assert.deepEqual(scoresOf(scorer, [0, 1, 2]), [1, 0.5, 0])
  assert.deepEqual(scoresOf(scorer, [0, 2]), [1, 0])
})

test('scores 1 for everyone where all queues are equal', () => {
  const harness = createPluginHarness()
  harness.set(waitingQueueSize, [4, 4, 4])
  assert.deepEqual(scoresOf(harness.create(queueScorer), [0, 1, 2]), [1, 1, 1])
})

test('takes no parameters', () => {
  assert.throws(() => createPluginHarness().create(queueScorer, { threshold: 1 }))
})
