import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { chunkSizes, toChunks } from '#/lib/json-scan/json-text.arbitrary.ts'
import { NameMatcher } from '#/lib/json-scan/name-matcher.ts'
import { readNumber, readString } from '#/lib/json-scan/read-value.ts'

const scanner = new JsonScanner()
const names = new NameMatcher(['number', 'string'])

describe('readNumber and readString', () => {
  it('read what JSON.parse reads, across chunks', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\0', 'é', '中', '😀', '\ud800') }),
        chunkSizes,
        (number, string, sizes) => {
          const text = JSON.stringify({ number, string })
          const chunks = toChunks(Buffer.from(text), sizes)
          const found = scanner.scan(chunks, names)
          const expected: unknown = JSON.parse(text)
          assert.deepEqual({ number: readNumber(chunks, found.get('number')!), string: readString(chunks, found.get('string')!) }, expected)
        },
      ),
    )
  })

  it('make a number beyond the range of a double infinite', () => {
    const body = [Buffer.from('{"number":-1e999}')]
    assert.equal(readNumber(body, scanner.scan(body, names).get('number')!), -Infinity)
  })
})
