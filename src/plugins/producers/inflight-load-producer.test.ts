import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { inflightLoadProducer } from '#/plugins/producers/inflight-load-producer.ts'
import { fakeAttempt, fakeRequest } from '#/plugins/testing/fake-request.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginHarness } from '#/plugins/testing/plugin-harness.ts'
import { inflightOutputTokens, inflightRequests, inflightTokens } from '#/sdk/keys.ts'
import type { Producer } from '#/sdk/producer.ts'

describe('inflight-load-producer', () => {
  test('counts requests to their end, prompt tokens to the first byte, output tokens as they come', () => {
    const { harness, producer } = create()
    const attempt = fakeAttempt({ slot: 3, uncachedTokens: 500, sentAtMs: 10 })
    assert.deepEqual(loadOf(harness, 3), [0, 0, 0])
    producer.attemptSent!(attempt)
    assert.deepEqual(loadOf(harness, 3), [1, 500, 0])
    producer.attemptFirstByte!(attempt, 20)
    producer.attemptChunk!(attempt, 20)
    producer.attemptChunk!(attempt, 30)
    assert.deepEqual(loadOf(harness, 3), [1, 0, 2])
    producer.attemptEnded!(attempt, 'complete', 40, true)
    assert.deepEqual(loadOf(harness, 3), [0, 0, 0])
  })

  test('says of each number when it last changed', () => {
    const { harness, producer } = create()
    const agesOf = (): number[] =>
      [inflightRequests, inflightTokens, inflightOutputTokens].map((key) => harness.column(key).updatedAtMs[0]!)
    const attempt = fakeAttempt({ sentAtMs: 10 })
    producer.attemptSent!(attempt)
    assert.deepEqual(agesOf(), [10, 10, -Infinity])
    producer.attemptFirstByte!(attempt, 20)
    producer.attemptChunk!(attempt, 21)
    assert.deepEqual(agesOf(), [10, 20, 21])
    producer.attemptEnded!(attempt, 'complete', 30, true)
    assert.deepEqual(agesOf(), [30, 30, 30])
  })

  test('gives back everything when an attempt ends before its first byte, and once only', () => {
    const { harness, producer } = create()
    const attempt = fakeAttempt({ uncachedTokens: 70 })
    producer.attemptSent!(attempt)
    producer.attemptEnded!(attempt, 'client-gone', 1, false)
    producer.attemptEnded!(attempt, 'client-gone', 2, false)
    assert.deepEqual(loadOf(harness, 0), [0, 0, 0])
  })

  describe('addEstimatedOutputTokens', () => {
    const cases: [name: string, parameters: object, maxOutputTokens: number | undefined, expected: number][] = [
      ['counts nothing unless asked', {}, undefined, 0],
      ['counts 1.5 times the prompt', { addEstimatedOutputTokens: true }, undefined, 150],
      ['counts another ratio', { addEstimatedOutputTokens: true, outputRatio: 0.25 }, undefined, 25],
      ['counts at most what the client allows', { addEstimatedOutputTokens: true }, 40, 40],
      ['counts at most the configured bound', { addEstimatedOutputTokens: true, maxEstimatedOutputTokens: 30 }, 40, 30],
    ]
    for (const [name, parameters, maxOutputTokens, expected] of cases) {
      test(name, () => {
        const { harness, producer } = create(parameters)
        const attempt = fakeAttempt({ request: fakeRequest({ inputTokens: 100, maxOutputTokens }), uncachedTokens: 60 })
        producer.attemptSent!(attempt)
        assert.deepEqual(loadOf(harness, 0), [1, 60 + expected, 0])
        producer.attemptFirstByte!(attempt, 1)
        assert.deepEqual(loadOf(harness, 0), [1, expected, 0])
        producer.attemptEnded!(attempt, 'complete', 2, true)
        assert.deepEqual(loadOf(harness, 0), [0, 0, 0])
      })
    }
  })

  test('comes back to zero after any interleaving of attempts, losses of endpoints and repeated events', () => {
    const event = fc.record({
      attempt: fc.nat({ max: 5 }),
      kind: fc.constantFrom('sent', 'first-byte', 'chunk', 'ended', 'reset'),
      times: fc.integer({ min: 1, max: 3 }),
    })
    const sizes = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), sizes, fc.boolean(), (events, tokens, addEstimatedOutputTokens) => {
        const { harness, producer } = create({ addEstimatedOutputTokens })
        const attempts = tokens.map((uncachedTokens, i) =>
          fakeAttempt({ slot: i % 3, uncachedTokens, request: fakeRequest({ inputTokens: uncachedTokens }) }),
        )
        const sent = new Set<number>()
        const ended = new Set<number>()
        for (const { attempt: i, kind, times } of events) {
          const attempt = attempts[i]!
          if (kind === 'sent' && !sent.has(i)) {
            sent.add(i)
            producer.attemptSent!(attempt)
          }
          for (let n = 0; n < times; n++) {
            if (kind === 'first-byte') producer.attemptFirstByte!(attempt, n)
            if (kind === 'chunk') producer.attemptChunk!(attempt, n)
            if (kind === 'reset') producer.endpointReset?.(attempt.slot)
            if (kind === 'ended' && sent.has(i)) {
              ended.add(i)
              producer.attemptEnded!(attempt, 'complete', n, true)
            }
          }
          for (let slot = 0; slot < 3; slot++) {
            const inFlight = [...sent].filter((other) => !ended.has(other) && other % 3 === slot).length
            assert.equal(loadOf(harness, slot)[0], inFlight)
            assert.ok(loadOf(harness, slot).every((value) => value >= 0))
          }
        }
        for (const i of sent) producer.attemptEnded!(attempts[i]!, 'timeout', 9, false)
        for (let slot = 0; slot < 3; slot++) assert.deepEqual(loadOf(harness, slot), [0, 0, 0])
      }),
    )
  })
})

function create(parameters?: unknown): { harness: PluginHarness; producer: Producer } {
  const harness = createPluginHarness()
  return { harness, producer: harness.create(inflightLoadProducer, parameters) }
}

function loadOf(harness: PluginHarness, slot: number): number[] {
  return [inflightRequests, inflightTokens, inflightOutputTokens].map((key) => harness.column(key).values[slot]!)
}
