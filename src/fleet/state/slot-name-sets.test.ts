import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { NameInterner } from '#/fleet/state/name-interner.ts'
import { SlotNameSets } from '#/fleet/state/slot-name-sets.ts'

test('a name keeps its number while somebody holds it, then the number is free', () => {
  const interner = new NameInterner()
  const a = interner.hold('a')
  assert.equal(interner.hold('a'), a)
  const b = interner.hold('b')
  assert.notEqual(a, b)
  interner.release(a)
  assert.equal(interner.idOf('a'), a)
  interner.release(a)
  assert.equal(interner.idOf('a'), -1)
  assert.equal(interner.size, 1)
  assert.equal(interner.hold('c'), a)
  assert.equal(interner.nameOf(a), 'c')
})

test('sets of names by slot are what maps of sets would be, and names that nobody has are forgotten', () => {
  const slot = fc.constantFrom(0, 1, 31, 32, 63, 64, 500, 16_383)
  const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 7 })
  fc.assert(
    fc.property(fc.array(fc.tuple(slot, fc.boolean(), names), { maxLength: 60 }), (steps) => {
      const interner = new NameInterner()
      const sets = [new SlotNameSets(interner), new SlotNameSets(interner)] as const
      const models = [new Map<number, Set<string>>(), new Map<number, Set<string>>()] as const
      for (const [at, second, list] of steps) {
        const which = second ? 1 : 0
        if (list.length === 0) sets[which].clear(at)
        else sets[which].set(at, list)
        models[which].set(at, new Set(list))
        for (const index of [0, 1] as const) {
          for (const [slot, expected] of models[index]) {
            assert.equal(sets[index].count(slot), expected.size)
            for (const name of ['a', 'b', 'c', 'd', 'e']) {
              const id = interner.idOf(name)
              assert.equal(id !== -1 && sets[index].has(slot, id), expected.has(name))
            }
          }
        }
        const held = new Set([...models[0].values(), ...models[1].values()].flatMap((set) => [...set]))
        assert.equal(interner.size, held.size)
      }
    }),
    { numRuns: 100 },
  )
})

test('a slot beyond all that had the name does not have it', () => {
  const interner = new NameInterner()
  const sets = new SlotNameSets(interner)
  sets.set(0, ['a'])
  assert.equal(sets.has(4000, interner.idOf('a')), false)
  assert.equal(sets.has(0, 99), false)
})
