import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { stringEnd } from '#/lib/json-scan/string-end.ts'

/** The rule itself, byte by byte. */
function plainStringEnd(chunk: Uint8Array, from: number): number {
  let position = from
  for (; position < chunk.length; position++) {
    if (chunk[position] === 0x22) return position + 1
    if (chunk[position] === 0x5c) position++
  }
  return ~position
}

describe('stringEnd', () => {
  it('finds the closing quote, or where to go on, among any run of plain bytes, quotes and backslashes', () => {
    const part = fc.oneof(
      fc.nat({ max: 80 }).map((length) => 'x'.repeat(length)),
      fc.nat({ max: 70 }).map((length) => '\\'.repeat(length)),
      fc.constantFrom('\\"', '\\\\'),
      { weight: 1, arbitrary: fc.constant('"') },
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.nat({ max: 3 }), (parts, from) => {
        const chunk = Buffer.from('xxx' + parts.join(''))
        assert.equal(stringEnd(chunk, from), plainStringEnd(chunk, from))
      }),
      { numRuns: 1000 },
    )
  })
})
