import assert from 'node:assert/strict'
import { it } from 'node:test'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

it('every 4 bytes of a piece are a token, and each piece starts a new one', () => {
  assert.deepEqual([...tokenize(['abcde', 'f', ''])], [0x64636261, 0x65, 0x66])
  assert.equal(tokenize(['é'.repeat(6)]).length, 3)
  assert.deepEqual([...tokenize(['\u{10ffff}'])], [0xbfbf8ff4])
})
