import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { BlockPool } from '#/sim/engine/block-pool.ts'

describe('BlockPool', () => {
  it('forgets the least recently freed content first', () => {
    const pool = new BlockPool(3)
    const blocks = [11, 12, 13].map((key) => {
      const block = pool.allocate()
      pool.label(block, key)
      return block
    })
    for (const block of [blocks[1]!, blocks[0]!, blocks[2]!]) pool.release(block)
    assert.equal(pool.allocate(), blocks[1])
    assert.deepEqual([pool.find(11), pool.find(12), pool.find(13)], [blocks[0], -1, blocks[2]])
  })

  it('keeps found content that someone uses', () => {
    const pool = new BlockPool(2)
    const block = pool.allocate()
    pool.label(block, 11)
    pool.release(block)
    pool.retain(block)
    pool.allocate()
    assert.equal(pool.find(11), block)
    assert.throws(() => pool.allocate(), /no free block/)
  })

  it('lets the first block with a content be found', () => {
    const pool = new BlockPool(2)
    const [first, second] = [pool.allocate(), pool.allocate()]
    pool.label(first, 11)
    pool.label(second, 11)
    pool.release(second)
    assert.equal(pool.allocate(), second)
    assert.equal(pool.find(11), first)
  })

  it('refuses a release too many', () => {
    const pool = new BlockPool(1)
    const block = pool.allocate()
    pool.release(block)
    assert.throws(() => pool.release(block), /released more often/)
  })

  it('never loses or doubles a block, whatever is taken and released', () => {
    const action = fc.record({
      verb: fc.constantFrom('allocate', 'retain', 'release', 'label'),
      at: fc.nat(100),
      key: fc.integer({ min: 1, max: 12 }),
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(action, { maxLength: 100, size: 'max' }), (size, actions) => {
        const pool = new BlockPool(size)
        const held: number[] = []
        for (const { verb, at, key } of actions) {
          const chosen = held[at % Math.max(1, held.length)]
          const found = pool.find(key)
          if (verb === 'allocate' && pool.freeCount > 0) {
            const block = pool.allocate()
            assert.ok(!held.includes(block), 'a block in use is given out')
            held.push(block)
          } else if (verb === 'retain' && found !== -1) {
            pool.retain(found)
            held.push(found)
          } else if (verb === 'release' && chosen !== undefined) {
            pool.release(chosen)
            held.splice(held.indexOf(chosen), 1)
          } else if (verb === 'label' && chosen !== undefined && found === -1) {
            pool.label(chosen, key)
          }
          assert.equal(pool.usedCount, new Set(held).size)
          for (const block of held) assert.equal(pool.referencesOf(block), held.filter((each) => each === block).length)
        }
      }),
    )
  })
})
