/** What every prefix index does, whatever it learns from: run over each implementation by its test. */
// oxlint-disable typescript/no-floating-promises -- describe and it report to the test runner by themselves
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import { MAX_SLOTS } from '#/sdk/endpoint.ts'
import type { PrefixChain } from '#/sdk/inference-request.ts'
import type { PrefixIndex } from '#/sdk/resources.ts'

/** An index together with its own way of being told what endpoints hold. */
export interface PrefixIndexHarness {
  readonly index: PrefixIndex
  /** The endpoint in `slot` holds the chain, beside what it held already. */
  readonly store: (chain: PrefixChain, slot: number) => void
  /** The endpoint in `slot` holds nothing any more. */
  readonly clear: (slot: number) => void
}

/** A chain with one block for each byte of `text`: equal starts of text are equal starts of chains. */
export function chainOf(text: string): PrefixChain {
  const hasher = new BlockHasher(Math.max(text.length, 1))
  hasher.append(Buffer.from(text, 'latin1'))
  return hasher.hashChain(1, 1, 2)
}

/** Blocks of the chain that each of the slots is said to hold, by slot. */
export function matchedBlocks(index: PrefixIndex, chain: PrefixChain, slots: readonly number[]): Record<number, number> {
  const candidates: Candidates = { slots: Uint16Array.from(slots), count: slots.length }
  const blocks = new Uint32Array(MAX_SLOTS).fill(77)
  const weight = new Float32Array(MAX_SLOTS).fill(77)
  index.match(chain, candidates, blocks, weight)
  for (const slot of slots) {
    if (blocks[slot] === 0) assert.equal(weight[slot], 0)
    else assert.ok(weight[slot]! > 0 && weight[slot]! <= 1, `weight ${weight[slot]}`)
  }
  return Object.fromEntries(slots.map((slot) => [slot, blocks[slot]!]))
}

export function describePrefixIndex(name: string, create: () => PrefixIndexHarness): void {
  describe(`${name} as a prefix index`, () => {
    it('says 0 for every candidate while it is empty', () => {
      assert.deepEqual(matchedBlocks(create().index, chainOf('abc'), [0, 5, MAX_SLOTS - 1]), { 0: 0, 5: 0, [MAX_SLOTS - 1]: 0 })
    })

    it('counts the blocks that a prompt shares from its start', () => {
      const { index, store } = create()
      store(chainOf('abcdef'), 3)
      for (const [prompt, blocks] of Object.entries({ abcdef: 6, abcdefgh: 6, abcd: 4, abcXef: 3, a: 1, Xbcdef: 0, bcdef: 0 })) {
        assert.deepEqual(matchedBlocks(index, chainOf(prompt), [3]), { 3: blocks }, prompt)
      }
    })

    it('looks at as many hashes as the chain is long', () => {
      const { index, store } = create()
      const chain = chainOf('abc')
      store({ ...chain, length: 2 }, 0)
      for (const length of [0, 1, 2]) assert.deepEqual(matchedBlocks(index, { ...chain, length }, [0, 1]), { 0: length, 1: 0 })
      assert.deepEqual(matchedBlocks(index, chain, [0]), { 0: 2 })
    })

    it('keeps endpoints apart', () => {
      const { index, store } = create()
      store(chainOf('abcdef'), 0)
      store(chainOf('abcX'), 1)
      store(chainOf('Y'), 2)
      assert.deepEqual(matchedBlocks(index, chainOf('abcdef'), [0, 1, 2, 3]), { 0: 6, 1: 3, 2: 0, 3: 0 })
    })

    it('answers for the candidates only', () => {
      const { index, store } = create()
      store(chainOf('abc'), 1)
      store(chainOf('abc'), 2)
      const blocks = new Uint32Array(4).fill(9)
      const weight = new Float32Array(4).fill(0.5)
      index.match(chainOf('abc'), { slots: Uint16Array.of(2, 1, 3), count: 1 }, blocks, weight)
      assert.deepEqual([...blocks], [9, 9, 3, 9])
      assert.deepEqual([...weight], [0.5, 0.5, 1, 0.5])
    })

    it('answers for thousands of holders', () => {
      const { index, store } = create()
      const slots = Array.from({ length: 3_000 }, (_, slot) => slot)
      const chains = [chainOf('abc'), chainOf('ab')]
      for (const slot of slots) store(chains[slot % 2]!, slot)
      const matched = matchedBlocks(index, chainOf('abcd'), slots)
      assert.ok(slots.every((slot) => matched[slot] === (slot % 2 === 0 ? 3 : 2)))
    })

    it('holds several prompts of an endpoint, and a longer one in place of a shorter', () => {
      const { index, store } = create()
      store(chainOf('ab'), 0)
      store(chainOf('abcd'), 0)
      store(chainOf('abX'), 0)
      store(chainOf('Y'), 0)
      for (const prompt of ['abcd', 'abX', 'Y']) assert.deepEqual(matchedBlocks(index, chainOf(prompt), [0]), { 0: prompt.length })
    })

    it('forgets an endpoint at once, which may hold blocks again from then on', () => {
      const { index, store, clear } = create()
      store(chainOf('abc'), 0)
      store(chainOf('abc'), 1)
      clear(0)
      assert.deepEqual(matchedBlocks(index, chainOf('abc'), [0, 1]), { 0: 0, 1: 3 })
      store(chainOf('aX'), 0)
      assert.deepEqual(matchedBlocks(index, chainOf('abc'), [0, 1]), { 0: 1, 1: 3 })
    })

    it('clears an endpoint that holds nothing', () => {
      const { index, clear } = create()
      clear(12)
      assert.deepEqual(matchedBlocks(index, chainOf('a'), [12]), { 12: 0 })
    })

    it('tells hashes apart by either half', () => {
      const { index, store } = create()
      const stored = { length: 2, blockBytes: 64, low: Uint32Array.of(1, 3), high: Uint32Array.of(2, 4) }
      store(stored, 0)
      const match = (low: number[], high: number[]): Record<number, number> =>
        matchedBlocks(index, { ...stored, low: Uint32Array.from(low), high: Uint32Array.from(high) }, [0])
      assert.deepEqual(match([1, 3], [2, 4]), { 0: 2 })
      assert.deepEqual(match([1, 3], [2, 5]), { 0: 1 })
      assert.deepEqual(match([1, 5], [2, 4]), { 0: 1 })
      assert.deepEqual(match([1, 3], [9, 4]), { 0: 0 })
      assert.deepEqual(match([9, 3], [2, 4]), { 0: 0 })
    })

    it('reports memory that grows with what it holds and stays in its budget', () => {
      const { index, store } = create()
      const empty = index.usedBytes
      for (let i = 0; i < 200; i++) store(chainOf(`${i}`.padEnd(100, 'x')), i % 3)
      assert.ok(index.usedBytes > empty)
      assert.ok(index.usedBytes <= index.budgetBytes)
    })

    it('agrees with a plain set of prefixes for each endpoint', () => {
      const slot = fc.nat(4)
      const prompt = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 })
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.record({ store: prompt, slot }) },
        { weight: 1, arbitrary: fc.record({ clear: fc.constant(true), slot }) },
        { weight: 5, arbitrary: fc.record({ match: prompt }) },
      )
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const { index, store, clear } = create()
          const held = Array.from({ length: 5 }, () => new Set<string>())
          for (const step of steps) {
            if ('match' in step) {
              const expected = held.map((prefixes) => sharedLength(step.match, prefixes))
              assert.deepEqual(Object.values(matchedBlocks(index, chainOf(step.match), [0, 1, 2, 3, 4])), expected)
            } else if ('clear' in step) {
              clear(step.slot)
              held[step.slot]!.clear()
            } else {
              store(chainOf(step.store), step.slot)
              for (let end = 1; end <= step.store.length; end++) held[step.slot]!.add(step.store.slice(0, end))
            }
          }
        }),
      )
    })
  })
}

function sharedLength(prompt: string, prefixes: ReadonlySet<string>): number {
  let length = 0
  while (length < prompt.length && prefixes.has(prompt.slice(0, length + 1))) length++
  return length
}
