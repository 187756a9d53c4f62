import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EndpointStats } from '#/telemetry/endpoint-stats.ts'
import { testAttempt, testRequest } from '#/telemetry/testing/test-request.ts'

const NO_USAGE = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined }

test('an attempt counts as completed or as failed, and not as both', () => {
  const stats = new EndpointStats(2)
  const request = testRequest()
  const end = (slot: number, cause: 'complete' | 'client-gone' | 'upstream-failed' | 'timeout', served: boolean): void => {
    const attempt = testAttempt(request, { slot })
    stats.attemptSent(attempt)
    stats.attemptEnded(attempt, cause, 10, served)
  }
  end(0, 'complete', true)
  end(0, 'client-gone', true)
  end(1, 'complete', false) // an error answer
  end(1, 'upstream-failed', false)
  end(1, 'upstream-failed', true) // broke off within its answer
  end(1, 'timeout', true)
  assert.deepEqual([...stats.started], [2, 4])
  assert.deepEqual([...stats.completed], [1, 0])
  assert.deepEqual([...stats.failed], [0, 4])
})

test("tokens are the engine's figures, else our own; a failed attempt has none", () => {
  const stats = new EndpointStats(3)
  const request = testRequest({ inputTokens: 1000 })
  stats.attemptEnded(testAttempt(request, { slot: 0, usage: { ...NO_USAGE, promptTokens: 900, cachedTokens: 300 } }), 'complete', 1, true)
  stats.attemptEnded(testAttempt(request, { slot: 1, matchedBlocks: 5, blockTokens: 64 }), 'complete', 1, true)
  stats.attemptEnded(testAttempt(request, { slot: 1, matchedBlocks: 100, blockTokens: 64 }), 'complete', 1, true)
  stats.attemptEnded(testAttempt(request, { slot: 2 }), 'complete', 1, false)
  assert.deepEqual([...stats.promptTokens], [900, 2000, 0])
  assert.deepEqual([...stats.cachedTokens], [300, 320 + 1000, 0])
})

test('TTFT is smoothed, beginning with the first answer', () => {
  const stats = new EndpointStats(1)
  const answer = (ttftMs: number): void => stats.attemptFirstByte(testAttempt(testRequest(), { sentAtMs: 50 }), 50 + ttftMs)
  answer(100)
  assert.equal(stats.ttftMs[0], 100)
  answer(200)
  assert.equal(stats.ttftMs[0], 110)
})

test("a slot's next owner starts from nothing", () => {
  const stats = new EndpointStats(2)
  for (const slot of [0, 1]) {
    const attempt = testAttempt(testRequest(), { slot, matchedBlocks: 1 })
    stats.attemptSent(attempt)
    stats.attemptFirstByte(attempt, 7)
    stats.attemptEnded(attempt, 'complete', 9, true)
    stats.attemptEnded(attempt, 'complete', 9, false)
  }
  stats.reset(1)
  const valuesOf = (slot: number) =>
    [stats.started, stats.completed, stats.failed, stats.promptTokens, stats.cachedTokens, stats.ttftMs].map((column) => column[slot])
  assert.deepEqual(valuesOf(1), [0, 0, 0, 0, 0, 0])
  assert.deepEqual(valuesOf(0), [1, 1, 1, 1000, 64, 7])
})
