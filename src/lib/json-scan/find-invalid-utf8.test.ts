import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { findInvalidUtf8 } from '#/lib/json-scan/find-invalid-utf8.ts'
import { chunkSizes, toChunks } from '#/lib/json-scan/json-text.arbitrary.ts'

const mixedBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'é', '中', '😀').map((text) => [...Buffer.from(text)]),
      fc.uint8Array({ minLength: 1, maxLength: 1 }).map((bytes) => [...bytes]),
      fc.constantFrom([0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f], [0x80, 0x80, 0x80, 0x80]),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Uint8Array.from(parts.flat()))

describe('findInvalidUtf8', () => {
  it('agrees with isUtf8 on the whole, names the end of the longest valid prefix, and does not care for chunks', () => {
    fc.assert(
      fc.property(mixedBytes, chunkSizes, (bytes, sizes) => {
        let longest = bytes.length
        while (!isUtf8(bytes.subarray(0, longest))) longest--
        assert.equal(findInvalidUtf8(toChunks(bytes, sizes)), longest === bytes.length ? -1 : longest)
      }),
      { numRuns: 500 },
    )
  })

  it('finds one bad byte anywhere in a long body', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4999 }), fc.constantFrom('a', 'é', '中', '😀'), fc.constantFrom(5000, 777), (at, text, size) => {
        const bytes = Buffer.alloc(5000 * Buffer.byteLength(text), text)
        const offset = at * Buffer.byteLength(text)
        bytes[offset] = 0xff
        assert.equal(findInvalidUtf8(toChunks(bytes, [size])), offset)
      }),
      { numRuns: 100 },
    )
  })

  it('takes a sequence at the very end for cut if it lacks bytes', () => {
    for (const text of ['é', '中', '😀']) {
      const bytes = Buffer.from(`ab${text}`)
      for (let length = 3; length < bytes.length; length++) assert.equal(findInvalidUtf8([bytes.subarray(0, length)]), 2)
    }
  })
})
