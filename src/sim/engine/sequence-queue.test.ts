import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { Sequence } from '#/sim/engine/sequence.ts'
import { SequenceQueue } from '#/sim/engine/sequence-queue.ts'

it('SequenceQueue behaves as an array', () => {
  const action = fc.record({ verb: fc.constantFrom('back', 'front', 'remove'), at: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
      const queue = new SequenceQueue()
      const model: Sequence[] = []
      for (const [number, { verb, at }] of actions.entries()) {
        const sequence = new Sequence({ promptTokens: 1, blockKeys: [], maxTokens: 1 }, number, 0, 16)
        if (verb === 'back') {
          queue.pushBack(sequence)
          model.push(sequence)
        } else if (verb === 'front') {
          queue.pushFront(sequence)
          model.unshift(sequence)
        } else if (model.length > 0) {
          const [removed] = model.splice(at % model.length, 1)
          queue.remove(removed!)
        }
        const forward: Sequence[] = []
        for (let each = queue.first; each !== undefined; each = each.next) forward.push(each)
        const backward: Sequence[] = []
        for (let each = queue.last; each !== undefined; each = each.previous) backward.unshift(each)
        assert.deepEqual(
          forward.map((each) => each.number),
          model.map((each) => each.number),
        )
        assert.deepEqual(
          backward.map((each) => each.number),
          model.map((each) => each.number),
        )
        assert.equal(queue.size, model.length)
      }
    }),
  )
})
