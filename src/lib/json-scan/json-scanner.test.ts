import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { JsonScanError } from '#/lib/json-scan/json-scan-error.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { chunkSizes, damagedObject, objectText, toChunks, valueText } from '#/lib/json-scan/json-text.arbitrary.ts'
import { NameMatcher } from '#/lib/json-scan/name-matcher.ts'
import { readString } from '#/lib/json-scan/read-value.ts'
import { WINDOW_BYTES } from '#/lib/json-scan/scan-machine.ts'
import { sliceBytes } from '#/lib/json-scan/slice-bytes.ts'

const scanner = new JsonScanner()
const names = new NameMatcher(['model', 'prompt', '__proto__', 'a', 'b\n', ''])
const noNames = new NameMatcher([])

function textOf(chunks: readonly Uint8Array[], range: JsonRange): string {
  return Buffer.from(sliceBytes(chunks, range.chunkIndex, range.chunkOffset, range.end - range.start)).toString()
}

function errorOf(chunks: readonly Uint8Array[], matcher: NameMatcher<string> = noNames): JsonScanError | undefined {
  try {
    scanner.scan(chunks, matcher)
    return undefined
  } catch (error) {
    assert.ok(error instanceof JsonScanError, String(error))
    return error
  }
}

/** JSON.parse of the decoded text, for what must be a top-level object. */
function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}

/** What a scan says about a body, whatever its chunks. */
function outcomeOf(chunks: readonly Uint8Array[]): unknown {
  try {
    return [...scanner.scan(chunks, names)].map(([name, range]) => {
      const { chunkIndex: _index, chunkOffset: _offset, ...facts } = range
      return [name, facts]
    })
  } catch (error) {
    assert.ok(error instanceof JsonScanError, String(error))
    return [error.kind, error.message, error.offset]
  }
}

function isMatching(found: ReadonlyMap<string, JsonRange>, chunks: readonly Uint8Array[], expected: Record<string, unknown>): void {
  const keys = Object.keys(expected).filter((key) => ['model', 'prompt', '__proto__', 'a', 'b\n', ''].includes(key))
  assert.deepEqual([...found.keys()].sort(), keys.sort())
  for (const [key, range] of found) {
    const value = expected[key]
    assert.deepEqual(JSON.parse(textOf(chunks, range)), value)
    const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value === 'boolean' ? String(value) : typeof value
    assert.equal(range.type, type)
    if (typeof value === 'string') assert.equal(readString(chunks, range), value)
  }
}

describe('JsonScanner', () => {
  it('finds the values of the names, and only at the top level', () => {
    const body = Buffer.from('{"x":{"model":"no"}, "model" : "m" ,"a":[1,"b",{"a":2.5}],"prompt":true}')
    const found = scanner.scan([body], names)
    assert.deepEqual([...found.keys()], ['model', 'a', 'prompt'])
    assert.deepEqual(found.get('model'), {
      type: 'string',
      start: 31,
      end: 34,
      chunkIndex: 0,
      chunkOffset: 31,
      insignificantBytes: 0,
      numbers: 0,
      strings: 1,
    })
    const array = found.get('a')!
    assert.equal(textOf([body], array), '[1,"b",{"a":2.5}]')
    assert.deepEqual([array.type, array.numbers, array.strings], ['array', 2, 2])
    assert.equal(found.get('prompt')!.type, 'true')
  })

  it('accepts exactly the objects that JSON.parse accepts and finds their values, whatever the chunks', () => {
    fc.assert(
      fc.property(objectText, chunkSizes, (text, sizes) => {
        const chunks = toChunks(Buffer.from(text), sizes)
        let found: ReadonlyMap<string, JsonRange>
        try {
          found = scanner.scan(chunks, names)
        } catch (error) {
          assert.ok(error instanceof JsonScanError && error.kind === 'duplicate-key', `${String(error)} in ${text}`)
          assert.equal(errorOf(chunks), undefined)
          return
        }
        isMatching(found, chunks, parseObject(Buffer.from(text))!)
      }),
      { numRuns: 1000 },
    )
  })

  it('agrees with JSON.parse about damaged objects, never throws anything else, and names the same place whatever the chunks', () => {
    fc.assert(
      fc.property(damagedObject, chunkSizes, (body, sizes) => {
        const chunks = toChunks(body, sizes)
        const error = errorOf(chunks)
        assert.equal(error === undefined, parseObject(body) !== undefined)
        assert.ok(error === undefined || (error.offset >= 0 && error.offset <= body.length))
        assert.deepEqual(outcomeOf(chunks), outcomeOf([body]))
      }),
      { numRuns: 1500 },
    )
  })

  it('judges a damaged object alike where two windows meet', () => {
    fc.assert(
      fc.property(damagedObject, fc.nat({ max: 60 }), (object, inside) => {
        const padding = WINDOW_BYTES - inside
        const body = Buffer.concat([Buffer.alloc(padding, ' '), object])
        const error = errorOf([body])
        const expected = errorOf([object])
        assert.deepEqual(
          [error?.kind, error?.message, error?.offset],
          [expected?.kind, expected?.message, expected && expected.offset + padding],
        )
      }),
      { numRuns: 300 },
    )
  })

  it('accepts no other top-level value', () => {
    fc.assert(
      fc.property(valueText, (text) => {
        const bytes = Buffer.from(text)
        assert.equal(errorOf([bytes]) === undefined, parseObject(bytes) !== undefined)
      }),
    )
  })

  it('reports a body that is cut anywhere as ending too early, at its length, and never looks at what an earlier body left behind', () => {
    const text = '{"model":"m\\u0041\\"é","a":[-1.5e+3,12,true,{"b":null}],"prompt":"x"}'
    const bytes = Buffer.from(text)
    assert.equal(errorOf([bytes]), undefined)
    for (let length = bytes.length - 1; length >= 0; length--) {
      const body = [bytes.subarray(0, length)]
      const error = errorOf(body)!
      const isInsideCharacter = length === bytes.indexOf('é') + 1
      assert.equal(error.kind, isInsideCharacter ? 'encoding' : 'syntax')
      assert.equal(error.offset, isInsideCharacter ? length - 1 : length)
      if (!isInsideCharacter) assert.match(error.message, /, not the end of the body$/)
      assert.throws(() => new JsonScanner().scan(body, noNames), { message: error.message })
    }
  })

  it('names the first byte that does not fit', () => {
    const cases: [text: string, offset: number, expected: RegExp][] = [
      ['', 0, /a JSON object/],
      ['  ', 2, /a JSON object/],
      ['[1]', 0, /a JSON object/],
      ['"x"', 0, /a JSON object/],
      ['\uFEFF{}', 0, /a JSON object/],
      ['{"a":1}x', 7, /nothing behind/],
      ['{} {}', 3, /nothing behind/],
      ['{"a":1,}', 7, /a key$/],
      ['{,}', 1, /a key or/],
      ['{a:1}', 1, /a key or/],
      ['{"a"}', 4, /a colon/],
      ['{"a":}', 5, /a value/],
      ['{"a":]}', 5, /a value$/],
      ['{"a":[1,]}', 8, /a value$/],
      ['{"a":[,1]}', 6, /a value or "\]"$/],
      ['{"a":[1}', 7, /a comma/],
      ['{"a":1 2}', 7, /a comma/],
      ['{"a":tru }', 8, /true, false or null/],
      ['{"a":truex}', 9, /a comma/],
      ['{"a":01}', 6, /a comma/],
      ['{"a":-}', 6, /a number/],
      ['{"a":1.}', 7, /a number/],
      ['{"a":1e+}', 8, /a number/],
      ['{"a":+1}', 5, /a value/],
      ['{"a":NaN}', 5, /a value/],
      ["{'a':1}", 1, /a key/],
      ['{"a":"\n"}', 6, /a string/],
      ['{"a":"\0"}', 6, /a string/],
      ['{"a":\0 1}', 5, /a value/],
      ['{"a":"\\x"}', 7, /an escape/],
      ['{"a":"\\u12g4"}', 10, /hexadecimal/],
      ['{"a":"\\u12"}', 10, /hexadecimal/],
    ]
    for (const [text, offset, expected] of cases) {
      const error = errorOf([Buffer.from(text)])
      assert.deepEqual([error?.kind, error?.offset], ['syntax', offset], text)
      assert.match(error!.message, expected, text)
    }
  })

  it('judges every ASCII byte in a string and behind a backslash as JSON.parse does', () => {
    for (let code = 0; code < 128; code++) {
      for (const prefix of ['', '\\', 'x'.repeat(15), `${'x'.repeat(30)}\\`]) {
        const body = Buffer.from(`{"a":"${prefix}${String.fromCharCode(code)}0000"}`)
        assert.equal(errorOf([body]) === undefined, parseObject(body) !== undefined, JSON.stringify(body.toString()))
      }
    }
  })

  it('finds names spelled with escapes, but not longer keys that begin alike', () => {
    const body = Buffer.from('{"mod\\u0065l":1,"\\u0070ROMPT":2,"models":3,"mode":4,"b\\n":5,"":6,"\\u0061":7}')
    const found = scanner.scan([body], names)
    assert.deepEqual(
      [...found].map(([name, range]) => [name, textOf([body], range)]),
      [
        ['model', '1'],
        ['b\n', '5'],
        ['', '6'],
        ['a', '7'],
      ],
    )
  })

  it('refuses a name that stands there twice, however it is spelled; other keys may repeat', () => {
    const error = errorOf([Buffer.from('{"x":1,"x":2,"model":"a","mod\\u0065l":"b"}')], names)!
    assert.deepEqual([error.kind, error.key, error.offset], ['duplicate-key', 'model', 25])
    assert.equal(errorOf([Buffer.from('{"x":1,"x":2,"y":{"model":1,"model":2}}')], names), undefined)
  })

  it('goes 512 levels deep and no further, in objects and arrays alike', () => {
    const nested = (levels: number): Buffer => Buffer.from(`{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`)
    assert.equal(errorOf([nested(512)]), undefined)
    const error = errorOf([nested(513)])!
    assert.deepEqual([error.kind, error.offset], ['depth', 516])
    assert.equal(errorOf([Buffer.from('{"a":'.repeat(10_000))])!.kind, 'depth')
    assert.equal(errorOf([Buffer.from(`{"a":[${'[],{},'.repeat(10_000)}0]}`)]), undefined)
  })

  it('sees the same at the border of two windows as inside one', () => {
    const tail = '","model":"m\\u0041\\"中","a":[1,-20.5e+3,true],"prompt": {"x" : null}}'
    for (let inside = 0; inside <= Buffer.byteLength(tail); inside++) {
      const body = Buffer.from(`{"x":"${'y'.repeat(WINDOW_BYTES - 6 - inside)}${tail}`)
      const found = scanner.scan([body], names)
      isMatching(found, [body], parseObject(body)!)
      assert.deepEqual([found.get('a')!.numbers, found.get('prompt')!.insignificantBytes], [2, 2])
      assert.equal(errorOf([body.subarray(0, -1)])!.offset, body.length - 1)
    }
  })

  it('finds values behind and around long ones, in chunks of any size', () => {
    fc.assert(
      fc.property(objectText, fc.constantFrom(1000, 40_000, 65_536, 100_000, 1_000_000), fc.nat({ max: 200 }), (text, size, extra) => {
        const long = JSON.stringify('a\n"'.repeat(50_000 + extra))
        const chunks = toChunks(Buffer.from(`{"long":${long},"model":${text},"rest":[${long}]}`), [size])
        const found = scanner.scan(chunks, names)
        assert.deepEqual(JSON.parse(textOf(chunks, found.get('model')!)), JSON.parse(text))
      }),
      { numRuns: 30 },
    )
  })

  it('begins anew after an error, and after a body without any bytes', () => {
    const body = Buffer.from('{"model":[1, "x"]}')
    const expected = outcomeOf([body])
    for (const broken of ['{"a":[ 1,"x', '{"model":12', '{"a":"\\u00', '{"model": 1, "model": 2}', '']) {
      assert.ok(errorOf([Buffer.from(broken)], names))
      assert.deepEqual(outcomeOf([body]), expected)
    }
    assert.equal(errorOf([])!.offset, 0)
    assert.equal(errorOf([new Uint8Array(0), new Uint8Array(0)])!.offset, 0)
  })
})
