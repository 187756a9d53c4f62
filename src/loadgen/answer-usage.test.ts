import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findUsage } from '#/loadgen/answer-usage.ts'

test('usage is found in the end of an answer and in an event', () => {
  const usage = { prompt_tokens: 120, completion_tokens: 7, total_tokens: 127, prompt_tokens_details: { cached_tokens: 64 } }
  const expected = { promptTokens: 120, cachedTokens: 64, completionTokens: 7 }
  assert.deepEqual(findUsage(JSON.stringify({ choices: [], usage })), expected)
  assert.deepEqual(findUsage(JSON.stringify({ text: 'he said "usage"', usage }, undefined, 2)), expected)
})

test('missing counts are zero, missing usage is undefined', () => {
  assert.deepEqual(findUsage('{"usage":{"prompt_tokens":5}}'), { promptTokens: 5, cachedTokens: 0, completionTokens: 0 })
  for (const text of ['', '{"usage":null}', '{"choices":[{"text":"x"}]}']) assert.equal(findUsage(text), undefined)
})
