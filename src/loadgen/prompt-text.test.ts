import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PromptText } from '#/loadgen/prompt-text.ts'

function textOf(text: PromptText, key: string, sizeBytes: number): string {
  const target = Buffer.alloc(sizeBytes + 2, 0x23)
  text.write(target, 1, sizeBytes, key)
  assert.equal(target[0], 0x23)
  assert.equal(target.at(-1), 0x23)
  return target.toString('latin1', 1, sizeBytes + 1)
}

test('the same seed and key give the same text, of which a shorter one is the beginning', () => {
  const whole = textOf(new PromptText(3), 'b17', 5000)
  assert.equal(textOf(new PromptText(3), 'b17', 5000), whole)
  assert.equal(textOf(new PromptText(3), 'b17', 700), whole.slice(0, 700))
  assert.notEqual(textOf(new PromptText(4), 'b17', 5000), whole)
})

test('different keys differ from their first bytes on', () => {
  const text = new PromptText(3)
  const seen = new Set(Array.from({ length: 1000 }, (_, i) => textOf(text, `b${i}`, 16)))
  assert.equal(seen.size, 1000)
})

test('text needs no escapes in JSON, at any length', () => {
  const text = new PromptText(3)
  for (const sizeBytes of [0, 1, 2, 4000, 2_500_000]) {
    const value = textOf(text, 'r1', sizeBytes)
    assert.equal(value.length, sizeBytes)
    assert.match(value, /^[a-z0-9 ]*$/)
  }
})
