import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { BlockIndex } from '#/sim/engine/block-index.ts'

it('BlockIndex behaves as a Map whose first entry of a key wins, also among keys that crowd the same places', () => {
  const key = fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.nat(20).map((n) => 1 + n * 2 ** 33),
  )
  const action = fc.record({ verb: fc.constantFrom('add', 'remove', 'find'), key })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200, size: 'max' }), (actions) => {
      const index = new BlockIndex(64)
      const model = new Map<number, number>()
      for (const [block, { verb, key }] of actions.entries()) {
        if (verb === 'add') {
          assert.equal(index.add(key, block), !model.has(key))
          if (!model.has(key)) model.set(key, block)
        } else if (verb === 'remove') {
          index.remove(key)
          model.delete(key)
        }
        assert.equal(index.find(key), model.get(key) ?? -1)
        assert.equal(index.size, model.size)
      }
      for (const [key, block] of model) assert.equal(index.find(key), block)
    }),
  )
})
