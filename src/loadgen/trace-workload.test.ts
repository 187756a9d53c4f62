import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PromptText } from '#/loadgen/prompt-text.ts'
import { RequestTemplate } from '#/loadgen/request-template.ts'
import { traceWorkload } from '#/loadgen/trace-workload.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'

const BLOCK_BYTES = 2048

function bodies(records: readonly TraceRecord[]): { prompt: string; max_tokens: number }[] {
  const workload = traceWorkload({
    template: new RequestTemplate({ api: 'completions', model: 'm', stream: false }),
    text: new PromptText(1),
    records,
  })
  const result = []
  for (let request = workload.next(); request !== undefined; request = workload.next()) {
    const target = Buffer.alloc(request.bodyBytes)
    request.write(target, 0)
    result.push(JSON.parse(target.toString()))
  }
  return result
}

function record(inputTokens: number, blockIds: readonly number[] | undefined, outputTokens = 9): TraceRecord {
  return { atMs: 0, inputTokens, outputTokens, blockIds }
}

test('prompts have four bytes a token and the output length of the trace', () => {
  const [long, empty] = bodies([record(1300, [0, 1, 2]), record(0, [], 0)])
  assert.deepEqual([long?.prompt.length, long?.max_tokens], [5200, 9])
  assert.deepEqual([empty?.prompt.length, empty?.max_tokens], [4, 1])
})

test('the same block id is the same text wherever it stands, other ids are other text', () => {
  const [a, b, c] = bodies([record(1536, [0, 1, 2]), record(1536, [0, 1, 7]), record(600, [0, 1])])
  assert.equal(a!.prompt.slice(0, 2 * BLOCK_BYTES), b!.prompt.slice(0, 2 * BLOCK_BYTES))
  assert.notEqual(a!.prompt.slice(2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 16), b!.prompt.slice(2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 16))
  assert.equal(c!.prompt, a!.prompt.slice(0, 2400))
})

test('without block ids, or beyond them, text is unique', () => {
  const [a, b, c, d] = bodies([record(100, undefined), record(100, undefined), record(1000, [5]), record(1000, [5])])
  assert.notEqual(a!.prompt.slice(0, 16), b!.prompt.slice(0, 16))
  assert.equal(c!.prompt.slice(0, BLOCK_BYTES), d!.prompt.slice(0, BLOCK_BYTES))
  assert.notEqual(c!.prompt.slice(BLOCK_BYTES, BLOCK_BYTES + 16), d!.prompt.slice(BLOCK_BYTES, BLOCK_BYTES + 16))
})
