import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { UsageObserver } from '#/request/respond/usage-observer.ts'

function observe(text: string, cuts: readonly number[], keepHead = false): object {
  const observer = new UsageObserver(keepHead)
  const bytes = Buffer.from(text)
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < borders.length; i++) observer.push(bytes.subarray(borders[i - 1], borders[i]))
  return observer.finish()
}

const OPENAI_STREAM = [
  'data: {"choices":[{"delta":{"content":"say \\"usage\\": {\\"prompt_tokens\\": 1}"}}],"usage":null}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":120,"total_tokens":150,"completion_tokens":30,"prompt_tokens_details":{"cached_tokens":112}}}\n\n',
  'data: [DONE]\n\n',
].join('')

test('usage is read from the end of a stream, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
      assert.deepEqual(observe(OPENAI_STREAM, cuts), { promptTokens: 120, completionTokens: 30, cachedTokens: 112 })
    }),
  )
})

test('only the end counts: a long answer before it changes nothing', () => {
  const long = `{"choices":[{"message":{"content":"${'x'.repeat(100_000)}"}}],"usage":{"prompt_tokens":5,"completion_tokens":7}}`
  assert.deepEqual(observe(long, [10, 50_000, 99_000, 100_010]), { promptTokens: 5, completionTokens: 7, cachedTokens: undefined })
})

test('usage inside a generated string is not taken for the real one', () => {
  const text = '{"choices":[{"message":{"content":"{\\"usage\\":{\\"prompt_tokens\\":999}}"}}]}'
  assert.deepEqual(observe(text, []), { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined })
})

test('Anthropic streams name the prompt in the first event and the answer in the last', () => {
  const text = [
    'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":25,"cache_read_input_tokens":16,"output_tokens":1}}}\n\n',
    `event: content_block_delta\ndata: {"delta":{"text":"${'y'.repeat(6000)}"}}\n\n`,
    'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":15}}\n\n',
  ]
  const observer = new UsageObserver(true)
  for (const part of text) observer.push(Buffer.from(part))
  assert.deepEqual(observer.finish(), { promptTokens: 41, completionTokens: 15, cachedTokens: 16 })
})

test('an answer without usage says so', () => {
  assert.deepEqual(observe('', []), { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined })
  assert.deepEqual(observe('{"error":{"message":"no"}}', [3]), {
    promptTokens: undefined,
    completionTokens: undefined,
    cachedTokens: undefined,
  })
})
