import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApproximatePrefixIndex } from '#/fleet/prefix/approximate-prefix-index.ts'
import { chainOf, describePrefixIndex, matchedBlocks } from '#/fleet/prefix/prefix-index.contract.ts'
import type { PrefixChain } from '#/sdk/inference-request.ts'

const SLOTS = [0, 1, 2, 3]

describePrefixIndex('ApproximatePrefixIndex', () => {
  const index = new ApproximatePrefixIndex()
  return { index, store: (chain, slot) => index.learn(chain, slot), clear: (slot) => index.forget(slot) }
})

/** The same rules on plain arrays: the blocks of each slot, newest first, a block being the text up to its end. */
class Model {
  readonly #capacities: number[]
  readonly #held: { prefix: string; learnId: number }[][] = SLOTS.map(() => [])

  constructor(capacity: number) {
    this.#capacities = SLOTS.map(() => capacity)
  }

  learn(text: string, slot: number, learnId: number): void {
    const before = this.#held[slot]!
    const prefixes = prefixesOf(text.slice(0, this.#capacities[slot]))
    const learned = prefixes.map((prefix) => ({ prefix, learnId: before.some((block) => block.prefix === prefix) ? 0 : learnId }))
    this.#held[slot] = [...learned, ...before.filter(({ prefix }) => !prefixes.includes(prefix))].slice(0, this.#capacities[slot])
  }

  undo(text: string, slot: number, learnId: number): void {
    const prefixes = prefixesOf(text)
    this.#held[slot] = this.#held[slot]!.filter((block) => block.learnId !== learnId || !prefixes.includes(block.prefix))
  }

  forget(slot: number): void {
    this.#held[slot] = []
  }

  setCapacity(slot: number, capacity: number): void {
    this.#capacities[slot] = capacity
    this.#held[slot] = this.#held[slot]!.slice(0, capacity)
  }

  counts(): number[] {
    return this.#held.map((blocks) => blocks.length)
  }

  match(text: string): number[] {
    return this.#held.map((blocks) => prefixesOf(text).findLastIndex((prefix) => blocks.some((block) => block.prefix === prefix)) + 1)
  }
}

function prefixesOf(text: string): string[] {
  return Array.from(text, (_, i) => text.slice(0, i + 1))
}

/** A chain that shares nothing with one of another name. */
function longChain(name: string, length: number): PrefixChain {
  return chainOf(`${name}:`.padEnd(length, 'x'))
}

/** What an index that knows the slots 0 to 15 uses while it holds nothing. */
function bytesWhenEmpty(): number {
  const index = new ApproximatePrefixIndex()
  index.setCapacity(0, 1)
  return index.usedBytes
}

const slot = fc.constantFrom(...SLOTS)
const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('learn' as const), text, slot }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('undo' as const), nth: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('capacity' as const), slot, blocks: fc.integer({ min: 1, max: 25 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('match' as const), text }) },
)

describe('ApproximatePrefixIndex', () => {
  it('does what plain arrays do, in any order of calls, while the budget is not binding', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 12 })
        const model = new Model(12)
        const learned: { text: string; slot: number; learnId: number }[] = []
        for (const step of steps) {
          if (step.kind === 'learn') {
            const learnId = index.learn(chainOf(step.text), step.slot)
            model.learn(step.text, step.slot, learnId)
            learned.push({ ...step, learnId })
          } else if (step.kind === 'undo') {
            const target = learned.at(-1 - step.nth)
            if (target === undefined) continue
            index.undo(chainOf(target.text), target.slot, target.learnId)
            model.undo(target.text, target.slot, target.learnId)
          } else if (step.kind === 'forget') {
            index.forget(step.slot)
            model.forget(step.slot)
          } else if (step.kind === 'capacity') {
            index.setCapacity(step.slot, step.blocks)
            model.setCapacity(step.slot, step.blocks)
          } else {
            assert.deepEqual(Object.values(matchedBlocks(index, chainOf(step.text), SLOTS)), model.match(step.text))
          }
          const counts = SLOTS.map((slot) => index.blockCount(slot))
          assert.deepEqual(counts, model.counts())
          assert.equal(
            index.totalBlocks,
            counts.reduce((sum, count) => sum + count, 0),
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keeps contiguity, capacities and the budget when the budget is binding, and gives all memory back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 1_200 }), (steps, blockBytes) => {
        const budgetBytes = bytesWhenEmpty() + blockBytes
        const index = new ApproximatePrefixIndex({ budgetBytes, defaultCapacityBlocks: 30 })
        const capacities = SLOTS.map(() => 30)
        const prefixes = new Set<string>()
        const learned: { text: string; slot: number; learnId: number }[] = []
        for (const step of steps) {
          if (step.kind === 'learn') {
            learned.push({ ...step, learnId: index.learn(chainOf(step.text), step.slot) })
            for (const prefix of prefixesOf(step.text)) prefixes.add(prefix)
          } else if (step.kind === 'undo') {
            const target = learned.at(-1 - step.nth)
            if (target !== undefined) index.undo(chainOf(target.text), target.slot, target.learnId)
          } else if (step.kind === 'forget') {
            index.forget(step.slot)
          } else if (step.kind === 'capacity') {
            index.setCapacity(step.slot, step.blocks)
            capacities[step.slot] = step.blocks
          }
          assert.ok(index.usedBytes <= budgetBytes)
          for (const slot of SLOTS) assert.ok(index.blockCount(slot) <= capacities[slot]!)
        }
        // A block counts for a longer prompt only if the prompts that end before it are held too, and nothing else is counted.
        const whole = [...prefixes].map((prefix) => ({ prefix, matched: matchedBlocks(index, chainOf(prefix), SLOTS) }))
        for (const slot of SLOTS) {
          const held = new Set(whole.filter(({ prefix, matched }) => matched[slot] === prefix.length).map(({ prefix }) => prefix))
          for (const prefix of held) for (const shorter of prefixesOf(prefix)) assert.ok(held.has(shorter), `${shorter} of ${prefix}`)
          assert.equal(index.blockCount(slot), held.size)
        }
        for (const slot of SLOTS) index.forget(slot)
        matchedBlocks(index, chainOf('a'), SLOTS)
        assert.equal(index.totalBlocks, 0)
        assert.ok(index.usedBytes <= bytesWhenEmpty() + 32)
      }),
      { numRuns: 300 },
    )
  })

  it('evicts the least recently learned chain from its end', () => {
    const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 8 })
    index.learn(chainOf('abcd'), 0)
    index.learn(chainOf('wxyz'), 0)
    index.learn(chainOf('abcd'), 0)
    index.learn(chainOf('MN'), 0)
    assert.deepEqual(matchedBlocks(index, chainOf('abcd'), [0]), { 0: 4 })
    assert.deepEqual(matchedBlocks(index, chainOf('wxyz'), [0]), { 0: 2 })
    assert.deepEqual(matchedBlocks(index, chainOf('MN'), [0]), { 0: 2 })
  })

  it('learns no more of a chain than the endpoint can hold', () => {
    const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 3 })
    index.learn(chainOf('Z'), 0)
    index.learn(chainOf('abcdef'), 0)
    assert.deepEqual(matchedBlocks(index, chainOf('abcdef'), [0]), { 0: 3 })
    assert.equal(index.blockCount(0), 3)
  })

  it('takes a capacity of 0 as not known', () => {
    const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 5 })
    index.setCapacity(0, 2)
    index.setCapacity(0, 0)
    index.learn(chainOf('abcdefgh'), 0)
    assert.equal(index.blockCount(0), 5)
  })

  it('holds 31,250 blocks of an endpoint unless told otherwise', () => {
    const index = new ApproximatePrefixIndex()
    index.learn(longChain('a', 31_251), 0)
    assert.equal(index.blockCount(0), 31_250)
  })

  it('makes room for a long chain while it learns it', () => {
    const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 10_000 })
    index.learn(longChain('a', 10_000), 0)
    index.learn(longChain('b', 9_000), 0)
    assert.equal(index.blockCount(0), 10_000)
    assert.deepEqual(matchedBlocks(index, longChain('b', 9_000), [0]), { 0: 9_000 })
    assert.deepEqual(matchedBlocks(index, longChain('a', 10_000), [0]), { 0: 1_000 })
  })

  it('keeps what it knows of the others when a slot far beyond them joins', () => {
    const index = new ApproximatePrefixIndex()
    index.setCapacity(0, 2)
    for (let i = 0; i < 2; i++) {
      index.learn(chainOf('forgotten'), 1)
      index.learn(longChain('a', 5_000), 1)
      index.forget(1)
    }
    index.learn(chainOf('abc'), 2)
    index.learn(chainOf('abc'), 5_000)
    index.learn(chainOf('abc'), 0)
    assert.deepEqual(matchedBlocks(index, chainOf('abc'), [0, 1, 2, 5_000]), { 0: 2, 1: 0, 2: 3, 5000: 3 })
    assert.deepEqual(matchedBlocks(index, chainOf('forgotten'), [1]), { 1: 0 })
  })

  it('drops a large surplus over several calls', () => {
    const index = new ApproximatePrefixIndex()
    const chain = longChain('a', 20_000)
    index.learn(chain, 0)
    index.setCapacity(0, 100)
    const after = index.blockCount(0)
    assert.ok(after < 20_000 && after > 100, `${after} blocks`)
    for (let i = 0; i < 5; i++) index.learn(chainOf('z'), 0)
    assert.equal(index.blockCount(0), 100)
    assert.deepEqual(matchedBlocks(index, chain, [0]), { 0: 99 })
  })

  describe('undo', () => {
    it('leaves what was there before', () => {
      const index = new ApproximatePrefixIndex()
      index.learn(chainOf('ab'), 0)
      index.undo(chainOf('abcd'), 0, index.learn(chainOf('abcd'), 0))
      assert.deepEqual(matchedBlocks(index, chainOf('abcd'), [0]), { 0: 2 })
      assert.equal(index.blockCount(0), 2)
    })

    it('leaves what a later learn relied on', () => {
      const index = new ApproximatePrefixIndex()
      const learnId = index.learn(chainOf('abcd'), 0)
      index.learn(chainOf('abX'), 0)
      index.undo(chainOf('abcd'), 0, learnId)
      assert.deepEqual(matchedBlocks(index, chainOf('abcd'), [0]), { 0: 2 })
      assert.deepEqual(matchedBlocks(index, chainOf('abX'), [0]), { 0: 3 })
    })

    it('leaves other endpoints alone', () => {
      const index = new ApproximatePrefixIndex()
      index.learn(chainOf('abcd'), 1)
      index.undo(chainOf('abcd'), 0, index.learn(chainOf('abcd'), 0))
      assert.deepEqual(matchedBlocks(index, chainOf('abcd'), [0, 1]), { 0: 0, 1: 4 })
    })

    it('does nothing to a slot that forgot and learned anew', () => {
      const index = new ApproximatePrefixIndex()
      const learnId = index.learn(chainOf('abcd'), 0)
      index.forget(0)
      index.learn(chainOf('abcd'), 0)
      index.undo(chainOf('abcd'), 0, learnId)
      assert.deepEqual(matchedBlocks(index, chainOf('abcd'), [0]), { 0: 4 })
    })

    it('does nothing for a slot that never learned', () => {
      const index = new ApproximatePrefixIndex()
      index.undo(chainOf('a'), 900, 1)
      assert.equal(index.totalBlocks, 0)
    })
  })

  describe('forget', () => {
    it('hides at once what it frees later', () => {
      const index = new ApproximatePrefixIndex()
      index.learn(chainOf('abc'), 0)
      index.learn(longChain('a', 5_000), 0)
      index.forget(0)
      assert.deepEqual(matchedBlocks(index, chainOf('abc'), [0]), { 0: 0 })
      index.learn(chainOf('ab'), 0)
      assert.deepEqual(matchedBlocks(index, chainOf('abc'), [0]), { 0: 2 })
      assert.equal(index.blockCount(0), 2)
    })

    it('gives memory back little by little', () => {
      const index = new ApproximatePrefixIndex()
      index.learn(longChain('a', 5_000), 0)
      const full = index.usedBytes
      index.forget(0)
      assert.equal(index.totalBlocks, 0)
      assert.equal(index.usedBytes, full)
      let calls = 0
      for (; index.usedBytes > bytesWhenEmpty() + 65_536 && calls < 1_000; calls++) matchedBlocks(index, chainOf('b'), [0])
      assert.ok(calls > 5 && calls < 100, `${calls} calls`)
    })

    it('lets the memory be used again before more is taken', () => {
      const index = new ApproximatePrefixIndex()
      index.learn(longChain('a', 20_000), 0)
      const full = index.usedBytes
      index.forget(0)
      index.learn(longChain('b', 20_000), 0)
      assert.equal(index.usedBytes, full)
      assert.deepEqual(matchedBlocks(index, longChain('a', 20_000), [0]), { 0: 0 })
      assert.deepEqual(matchedBlocks(index, longChain('b', 20_000), [0]), { 0: 20_000 })
    })

    it('keeps the capacity of the slot', () => {
      const index = new ApproximatePrefixIndex()
      index.setCapacity(0, 2)
      index.learn(chainOf('abc'), 0)
      index.forget(0)
      index.learn(chainOf('abc'), 0)
      assert.equal(index.blockCount(0), 2)
    })

    it('works more often than there are epochs', () => {
      const index = new ApproximatePrefixIndex()
      const [ab, cd] = [chainOf('ab'), chainOf('cd')]
      for (let i = 0; i < 131_080; i++) {
        index.learn(i % 2 === 0 ? ab : cd, 0)
        index.forget(0)
      }
      assert.deepEqual(matchedBlocks(index, ab, [0]), { 0: 0 })
      index.learn(ab, 0)
      assert.deepEqual(matchedBlocks(index, ab, [0]), { 0: 2 })
      assert.deepEqual(matchedBlocks(index, cd, [0]), { 0: 0 })
    })
  })

  describe('memory', () => {
    it('starts with next to nothing and grows with use', () => {
      const index = new ApproximatePrefixIndex()
      assert.ok(index.usedBytes < 100)
      for (let i = 0; i < 20; i++) {
        index.learn(longChain(`${i}`, 1_000), i)
        assert.ok(index.usedBytes <= 32 * index.totalBlocks + 65_536 + 2_000, `${index.usedBytes} bytes for ${index.totalBlocks} blocks`)
      }
    })

    it('uses the budget to within 5% and no more', () => {
      for (const budgetBytes of [50_000, 400_000, 2_000_000]) {
        const index = new ApproximatePrefixIndex({ budgetBytes })
        for (let i = 0; i < 300; i++) {
          index.learn(longChain(`${i}`, 300), i % 7)
          assert.ok(index.usedBytes <= budgetBytes)
        }
        assert.ok(index.usedBytes >= 0.95 * budgetBytes)
        assert.ok(index.totalBlocks * 32 >= 0.95 * budgetBytes)
      }
    })

    it('is taken from the endpoints with more than their share', () => {
      const index = new ApproximatePrefixIndex({ budgetBytes: 50_000 })
      const small = [1, 2, 3].map((slot) => ({ slot, chain: longChain(`small ${slot}`, 100) }))
      for (const { slot, chain } of small) index.learn(chain, slot)
      for (let i = 0; i < 100; i++) index.learn(longChain(`${i}`, 200), 0)
      for (const { slot, chain } of small) assert.equal(matchedBlocks(index, chain, [slot])[slot], 100)
      assert.equal(matchedBlocks(index, longChain('99', 200), [0])[0], 200)
    })

    it('ends up evenly shared among endpoints that all want more', () => {
      const index = new ApproximatePrefixIndex({ budgetBytes: 100_000 })
      for (let i = 0; i < 30; i++) index.learn(longChain(`first ${i}`, 100), 0)
      for (let i = 0; i < 400; i++) index.learn(longChain(`${i}`, 100), i % 4)
      for (const slot of SLOTS) {
        const share = index.blockCount(slot) / index.totalBlocks
        assert.ok(share > 0.2 && share < 0.3, `slot ${slot} has ${share}`)
      }
    })

    it('holds the start of a chain that is larger than the budget', () => {
      const index = new ApproximatePrefixIndex({ budgetBytes: 20_000 })
      const chain = longChain('a', 2_000)
      index.learn(chain, 0)
      const held = matchedBlocks(index, chain, [0])[0]!
      assert.equal(index.blockCount(0), held)
      assert.ok(held > 500 && held < 2_000, `${held} blocks`)
      assert.ok(index.usedBytes <= 20_000)
    })

    it('learns nothing on a budget of nothing', () => {
      const index = new ApproximatePrefixIndex({ budgetBytes: 0 })
      index.learn(chainOf('abc'), 0)
      assert.equal(index.totalBlocks, 0)
    })
  })

  it('stays sound when hashes collide', () => {
    const hashes = fc.array(fc.nat(2), { maxLength: 8 })
    fc.assert(
      fc.property(fc.array(fc.record({ hashes, slot, undo: fc.boolean() }), { maxLength: 40 }), (learns) => {
        const index = new ApproximatePrefixIndex({ defaultCapacityBlocks: 6, budgetBytes: bytesWhenEmpty() + 500 })
        for (const { hashes, slot, undo } of learns) {
          const values = Uint32Array.from(hashes)
          const chain = { length: hashes.length, blockBytes: 64, low: values, high: values }
          const learnId = index.learn(chain, slot)
          if (undo) index.undo(chain, slot, learnId)
          matchedBlocks(index, chain, SLOTS)
          assert.ok(index.blockCount(slot) <= 6)
        }
        for (const slot of SLOTS) index.forget(slot)
        matchedBlocks(index, chainOf('a'), SLOTS)
        assert.ok(index.usedBytes <= bytesWhenEmpty() + 32)
      }),
    )
  })

  it('refuses a slot that no endpoint can have', () => {
    assert.throws(() => new ApproximatePrefixIndex().learn(chainOf('a'), 16_384), RangeError)
  })
})
