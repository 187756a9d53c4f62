import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loraAffinityScorer } from '#/plugins/scorers/lora-affinity-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'

const SLOTS = [0, 1, 2, 3, 4, 5]

test('ranks active, free slot, waiting, full', () => {
  const harness = createLoraFleet()
  // The adapter that waits on 3 scores as waiting although the engine has a slot free.
  assert.deepEqual(scoresOf(harness.create(loraAffinityScorer), SLOTS, { targetModel: 'sql' }), [1, 0.8, 0.6, 0.6, 0, 0])
})

test('goes by free slots for a name that no engine reported', () => {
  const harness = createLoraFleet()
  assert.deepEqual(scoresOf(harness.create(loraAffinityScorer), SLOTS, { model: 'sql', targetModel: 'base' }), [0, 0.8, 0, 0.8, 0, 0])
})

function createLoraFleet(): PluginHarness {
  const harness = createPluginHarness()
  harness.adapters.set(0, { active: ['sql', 'chat'], waiting: [], max: 2 })
  harness.adapters.set(1, { active: ['chat'], waiting: [], max: 2 })
  harness.adapters.set(2, { active: ['chat'], waiting: ['sql'], max: 2 })
  harness.adapters.set(3, { active: ['chat'], waiting: ['sql'], max: 4 })
  harness.adapters.set(4, { active: ['chat'], waiting: ['code'], max: 2 })
  harness.adapters.set(5, { active: [], waiting: [], max: 0 })
  return harness
}
