import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeRequestScorer } from '#/plugins/scorers/active-request-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'
import { inflightRequests } from '#/sdk/keys.ts'

test('scores 1 where nothing is in flight, and (max - n) / max elsewhere', () => {
  const harness = createPluginHarness()
  harness.set(inflightRequests, [0, 1, 3, 4])
  assert.deepEqual(scoresOf(harness.create(activeRequestScorer), [0, 1, 2, 3]), [1, 0.75, 0.25, 0])
})

test('takes endpoints up to the idle threshold for idle', () => {
  const harness = createPluginHarness()
  harness.set(inflightRequests, [0, 2, 3, 12])
  assert.deepEqual(scoresOf(harness.create(activeRequestScorer, { idleThreshold: 2 }), [0, 1, 2, 3]), [1, 1, 0.75, 0])
})

test('keeps busy endpoints below maxBusyScore', () => {
  const harness = createPluginHarness()
  harness.set(inflightRequests, [0, 2, 8])
  assert.deepEqual(scoresOf(harness.create(activeRequestScorer, { maxBusyScore: 0.5 }), [0, 1, 2]), [1, 0.375, 0])
})
