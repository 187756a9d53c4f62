import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { blockKeysOfTokens, ROOT_KEY, rootKeyOf } from '#/sim/engine/block-key.ts'
import { textAnswer, wordsAnswer } from '#/sim/text/answer.ts'
import { createPrompt } from '#/sim/text/prompt.ts'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

const BLOCK_SIZE = 4
const prompt = createPrompt(tokenize(['The prompt of this test.']), BLOCK_SIZE, undefined)
const LIMITS = { maxTokens: 50, stop: [], ignoreEos: true }

describe('an answer of words', () => {
  it('is 4 characters a token, and the same for the same seed', () => {
    const answer = wordsAnswer(prompt, 7, LIMITS)
    assert.equal(answer.tokens, 50)
    assert.match(answer.text(), /^([bdfgklmnprstvz][aeiou][bdfgklmnprstvz][aeiou ]){50}$/)
    assert.equal(wordsAnswer(prompt, 7, LIMITS).text(), answer.text())
    assert.notEqual(wordsAnswer(prompt, 8, LIMITS).text(), answer.text())
  })

  it('ends by itself where nothing holds it, and by length where something does', () => {
    const free = wordsAnswer(prompt, 7, { ...LIMITS, maxTokens: 100_000, ignoreEos: false })
    assert.equal(free.finishReason, 'stop')
    const exact = wordsAnswer(prompt, 7, { ...LIMITS, maxTokens: free.tokens, ignoreEos: false })
    assert.deepEqual([exact.tokens, exact.finishReason], [free.tokens, 'stop'])
    const cut = wordsAnswer(prompt, 7, { ...LIMITS, maxTokens: free.tokens - 1, ignoreEos: false })
    assert.deepEqual([cut.tokens, cut.finishReason], [free.tokens - 1, 'length'])
    assert.equal(wordsAnswer(prompt, 7, { ...LIMITS, maxTokens: 3000 }).finishReason, 'length')
  })

  it('is cut before the first stop text to be complete, whose tokens count', () => {
    const whole = wordsAnswer(prompt, 7, LIMITS).text()
    const stop = whole.slice(41, 47)
    const answer = wordsAnswer(prompt, 7, { ...LIMITS, stop: ['never there', whole.slice(60, 70), stop] })
    assert.equal(answer.text(), whole.slice(0, whole.indexOf(stop)))
    assert.deepEqual([answer.tokens, answer.finishReason, answer.stopText], [12, 'stop', stop])
    assert.equal(answer.piece(11), '')
  })
})

describe('an answer with a given text', () => {
  it('is the text, cut at the limit', () => {
    assert.deepEqual([textAnswer(prompt, '{"a":"b"}', 10).text(), textAnswer(prompt, '{"a":"b"}', 10).tokens], ['{"a":"b"}', 3])
    assert.deepEqual([textAnswer(prompt, '{"a":"b"}', 2).text(), textAnswer(prompt, '{"a":"b"}', 2).finishReason], ['{"a":"b"', 'length'])
  })
})

it('blocks that an answer fills have the identity that they have as part of a prompt', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(undefined, 'sql-adapter'),
      (text, maxTokens, adapter) => {
        const tokens = tokenize([text])
        const start = createPrompt(tokens, BLOCK_SIZE, adapter)
        const answer = wordsAnswer(start, 3, { ...LIMITS, maxTokens })
        const expected = blockKeysOfTokens([...tokens, ...tokenize([answer.text()])], BLOCK_SIZE, rootKeyOf(adapter))
        // What the engine, which knows no adapter's root, gives for the first block of all.
        let previous = start.blockKeys.at(-1) ?? ROOT_KEY
        for (let block = start.blockKeys.length; block < expected.length; block++) {
          previous = answer.blockKey(block, previous)
          assert.equal(previous, expected[block])
        }
      },
    ),
  )
})
