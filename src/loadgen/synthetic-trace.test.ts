import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { syntheticTrace } from '#/loadgen/synthetic-trace.ts'
import { TRACE_BLOCK_TOKENS } from '#/loadgen/trace-record.ts'

const records = syntheticTrace({ requests: 4000, requestsPerSecond: 3.4, rng: createRng(11) })

test('the same seed makes the same trace', () => {
  assert.deepEqual(syntheticTrace({ requests: 50, requestsPerSecond: 3.4, rng: createRng(11) }), records.slice(0, 50))
})

test('it keeps the rate, in steps of 3 s, and plausible lengths', () => {
  const spanSeconds = records.at(-1)!.atMs / 1000
  assert.ok(Math.abs(4000 / spanSeconds - 3.4) < 0.25, `${4000 / spanSeconds} requests/s`)
  for (const [i, record] of records.entries()) {
    assert.equal(record.atMs % 3000, 0)
    assert.ok(i === 0 || record.atMs >= records[i - 1]!.atMs)
    assert.ok(Number.isInteger(record.inputTokens) && record.inputTokens >= 1 && record.inputTokens <= 120_000)
    assert.ok(Number.isInteger(record.outputTokens) && record.outputTokens >= 1 && record.outputTokens <= 2000)
  }
})

test('blocks cover the prompt; all share the first one, some more; a prefix never forks back', () => {
  const parentOf = new Map<number, number | undefined>()
  let continued = 0
  for (const { blockIds, inputTokens } of records) {
    assert.equal(blockIds!.length, Math.ceil(inputTokens / TRACE_BLOCK_TOKENS))
    assert.equal(blockIds![0], 0)
    if (blockIds!.length > 1 && parentOf.has(blockIds![1]!)) continued++
    for (const [i, id] of blockIds!.entries()) {
      if (parentOf.has(id)) assert.equal(parentOf.get(id), blockIds![i - 1], 'the same block only after the same prefix')
      parentOf.set(id, blockIds![i - 1])
    }
  }
  assert.ok(continued / records.length > 0.3 && continued / records.length < 0.5, `${continued} of ${records.length} continue another`)
})
