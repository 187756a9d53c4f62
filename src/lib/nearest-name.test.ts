import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { nearestNames } from '#/lib/nearest-name.ts'

describe('nearestNames', () => {
  test('puts the closest name first', () => {
    assert.deepEqual(nearestNames('que-scorer', ['kv-cache-utilization-scorer', 'queue-scorer', 'lora-affinity-scorer'], 1), [
      'queue-scorer',
    ])
  })

  test('ignores case', () => {
    assert.deepEqual(nearestNames('LLAMA', ['lamb', 'llama'], 1), ['llama'])
  })

  test('orders names at equal distance alphabetically, whatever their order', () => {
    assert.deepEqual(nearestNames('x', ['c', 'a', 'b'], 2), ['a', 'b'])
    assert.deepEqual(nearestNames('x', ['a', 'b', 'c'], 2), ['a', 'b'])
  })

  test('names a name once that is listed twice', () => {
    assert.deepEqual(nearestNames('a', ['a', 'a', 'b'], 3), ['a', 'b'])
  })

  test('names nothing where nothing is known or wanted', () => {
    assert.deepEqual(nearestNames('a', [], 3), [])
    assert.deepEqual(nearestNames('a', ['a'], 0), [])
  })

  test('takes a name of megabytes', () => {
    const long = 'x'.repeat(4_000_000)
    assert.deepEqual(nearestNames(long, ['b', long, 'a'], 1), [long])
  })

  test('agrees with a ranking by the textbook distance', () => {
    const names = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 })
    fc.assert(
      fc.property(names, fc.uniqueArray(names, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (name, known, limit) => {
        const ranked = known.toSorted((a, b) => textbookDistance(name, a) - textbookDistance(name, b) || (a < b ? -1 : 1))
        assert.deepEqual(nearestNames(name, known, limit), ranked.slice(0, limit))
      }),
    )
  })
})

function textbookDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const rest = textbookDistance(a.slice(1), b.slice(1))
  if (a[0] === b[0]) return rest
  return 1 + Math.min(rest, textbookDistance(a.slice(1), b), textbookDistance(a, b.slice(1)))
}
