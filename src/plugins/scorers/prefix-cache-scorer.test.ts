import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prefixCacheScorer } from '#/plugins/scorers/prefix-cache-scorer.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { scoresOf } from '#/plugins/testing/scores-of.ts'

test('scores the share of the blocks that is matched', () => {
  const harness = createPluginHarness()
  harness.match.totalBlocks = 8
  harness.match.blocks.set([0, 2, 8])
  assert.deepEqual(scoresOf(harness.create(prefixCacheScorer), [0, 1, 2]), [0, 0.25, 1])
})

test('blends in the squared length of the match', () => {
  const harness = createPluginHarness()
  harness.match.totalBlocks = 128
  harness.match.blockTokens = 64
  harness.match.blocks.set([32, 64, 128])
  // 32, 64 and 128 blocks of 64 tokens are 1/2, 1 and 2 times the scale of 4,096 tokens, and 1/4, 1/2 and 1 of the prompt.
  const scorer = harness.create(prefixCacheScorer, { matchLengthWeight: 0.5, matchLengthScaleTokens: 4096 })
  assert.deepEqual(scoresOf(scorer, [0, 1, 2]), [0.5 * 0.25 + 0.5 * 0.25, 0.5 * 1 + 0.5 * 0.5, 1])
})

test('measures lengths by 8,192 tokens unless told otherwise', () => {
  const harness = createPluginHarness()
  harness.match.totalBlocks = 128
  harness.match.blocks.set([64])
  assert.deepEqual(scoresOf(harness.create(prefixCacheScorer, { matchLengthWeight: 1 }), [0]), [0.25])
})

test('counts blocks in a slower storage tier for less', () => {
  const harness = createPluginHarness()
  harness.match.totalBlocks = 4
  harness.match.blocks.set([4, 4])
  harness.match.weight.set([1, 0.5])
  assert.deepEqual(scoresOf(harness.create(prefixCacheScorer), [0, 1]), [1, 0.5])
})

test('scores 0 for everyone where there is nothing to match', () => {
  const harness = createPluginHarness()
  harness.match.totalBlocks = 0
  harness.match.blocks.set([3, 3])
  assert.deepEqual(scoresOf(harness.create(prefixCacheScorer), [0, 1]), [0, 0])
})
