import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadAwareScorer } from '#/plugins/scorers/load-aware-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { waitingQueueSize } from '#/sdk/keys.ts'

test('falls from 1 at an empty queue to 0 at 128 waiting requests', () => {
  const harness = createPluginHarness()
  harness.set(waitingQueueSize, [0, 32, 64, 128, 200])
  assert.deepEqual(scoresOf(harness.create(loadAwareScorer), [0, 1, 2, 3, 4]), [1, 0.75, 0.5, 0, 0])
})

test('takes another threshold', () => {
  const harness = createPluginHarness()
  harness.set(waitingQueueSize, [0, 5, 10])
  assert.deepEqual(scoresOf(harness.create(loadAwareScorer, { threshold: 10 }), [0, 1, 2]), [1, 0.5, 0])
  assert.throws(() => harness.create(loadAwareScorer, { threshold: 0 }))
})
