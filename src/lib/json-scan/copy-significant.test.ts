import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { copySignificant } from '#/lib/json-scan/copy-significant.ts'
import { innerRange } from '#/lib/json-scan/json-range.ts'
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { chunkSizes, toChunks, valueText } from '#/lib/json-scan/json-text.arbitrary.ts'
import { NameMatcher } from '#/lib/json-scan/name-matcher.ts'

const scanner = new JsonScanner()
const names = new NameMatcher(['a'])

function spansOf(chunks: readonly Uint8Array[], range: JsonRange): string[] {
  const spans: string[] = []
  copySignificant(chunks, range, (chunk, start, end) => {
    assert.ok(start < end && end <= chunk.length)
    spans.push(Buffer.from(chunk.subarray(start, end)).toString('latin1'))
    return true
  })
  return spans
}

/** Strings are matched first, so that only white space outside them goes. */
function withoutWhiteSpace(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, '$1')
}

describe('copySignificant', () => {
  it('hands on every byte but white space between tokens, whatever the chunks', () => {
    fc.assert(
      fc.property(valueText, chunkSizes, (text, sizes) => {
        const chunks = toChunks(Buffer.from(`{"a":${text}}`), sizes)
        const range = scanner.scan(chunks, names).get('a')!
        const copied = Buffer.from(spansOf(chunks, range).join(''), 'latin1').toString()
        assert.equal(copied, withoutWhiteSpace(text))
        assert.equal(Buffer.byteLength(copied), range.end - range.start - range.insignificantBytes)
        const inner = Buffer.from(spansOf(chunks, innerRange(range)).join(''), 'latin1').toString()
        assert.equal(inner, /^["[{]/.test(copied) ? copied.slice(1, -1) : copied)
      }),
      { numRuns: 500 },
    )
  })

  it('is one span a chunk without white space, and stops where it is told to', () => {
    const chunks = [Buffer.from('{"a":["x y",'), Buffer.from('"z"]}')]
    const range = scanner.scan(chunks, names).get('a')!
    assert.deepEqual(spansOf(chunks, range), ['["x y",', '"z"]'])
    for (const text of ['{"a":["x y","z"]}', '{"a":[ "x y" , "z" ]}']) {
      const body = [Buffer.from(text)]
      let spans = 0
      assert.equal(
        copySignificant(body, scanner.scan(body, names).get('a')!, () => ++spans > 9),
        false,
      )
      assert.equal(spans, 1)
    }
  })
})
