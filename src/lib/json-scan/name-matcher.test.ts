import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { NameMatcher } from '#/lib/json-scan/name-matcher.ts'

describe('NameMatcher', () => {
  it('recognises exactly the names, in every spelling that JSON has for them', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '/', '\n', '\t', '\b', 'u', '0'), maxLength: 4 })
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 5 }), name, fc.array(fc.boolean()), fc.nat({ max: 3 }), (names, key, styles, at) => {
        const spelling = key
          .split('')
          .map((character, i) =>
            styles[i] === true
              ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`
              : JSON.stringify(character).slice(1, -1),
          )
        const bytes = Buffer.from(`${' '.repeat(at)}"${spelling.join('')}" `)
        const matcher = new NameMatcher([...names, 'at least as long'])
        assert.equal(matcher.match(bytes, at, bytes.length - 1), names.includes(key) ? key : undefined)
      }),
      { numRuns: 1000 },
    )
  })

  it('takes characters beyond ASCII for no name, however they are spelled', () => {
    const matcher = new NameMatcher(['a\x7f', 'aa'])
    for (const key of ['"\\u0061\\u00ff"', '"\\u0061\\u0161"', '"\\u0061é"', '"aé"']) {
      const bytes = Buffer.from(key)
      assert.equal(matcher.match(bytes, 0, bytes.length), undefined, key)
    }
    assert.throws(() => new NameMatcher(['é']), RangeError)
  })

  it('says how long a key can be that spells a name', () => {
    assert.equal(new NameMatcher(['model', 'n']).maxKeyBytes, '"\\u006d\\u006f\\u0064\\u0065\\u006c"'.length)
  })
})
