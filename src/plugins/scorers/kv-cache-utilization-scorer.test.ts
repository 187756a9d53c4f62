import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kvCacheUtilizationScorer } from '#/plugins/scorers/kv-cache-utilization-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { kvCacheUtilization } from '#/sdk/keys.ts'

test('scores the free share of the KV cache', () => {
  const harness = createPluginHarness()
  harness.set(kvCacheUtilization, [0, 0.25, 1])
  assert.deepEqual(scoresOf(harness.create(kvCacheUtilizationScorer), [0, 1, 2]), [1, 0.75, 0])
})

test('takes a utilization above 1 for a full cache', () => {
  const harness = createPluginHarness()
  harness.set(kvCacheUtilization, [1.5])
  assert.deepEqual(scoresOf(harness.create(kvCacheUtilizationScorer), [0]), [0])
})
