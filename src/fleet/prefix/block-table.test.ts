import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { RECORD_BYTES } from '#/fleet/prefix/block-record.ts'
import { BlockTable } from '#/fleet/prefix/block-table.ts'
import { FIRST_BLOCK } from '#/fleet/prefix/holder-tag.ts'

interface Block {
  readonly low: number
  readonly high: number
  readonly tag: number
}

/** Few values, so that buckets and hashes are shared; large ones among them. */
const word = fc.constantFrom(0, 1, 2, 3, 0x8000_0000, 0xffff_ffff)
const tag = fc.tuple(fc.nat(3), fc.boolean()).map(([slot, isFirst]) => (isFirst ? slot + FIRST_BLOCK : slot))
const block: fc.Arbitrary<Block> = fc.record({ low: word, high: word, tag })

function keyOf({ low, high, tag }: Block): string {
  return `${low} ${high} ${tag}`
}

/** As uniform as the hashes that the table is made for. */
function hashOf(i: number): number {
  return Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 0
}

function addAll(table: BlockTable, count: number): void {
  for (let i = 0; i < count; i++) {
    if (!table.hasRoom) assert.ok(table.grow(Infinity))
    table.add(hashOf(i), i, 0)
  }
}

describe('BlockTable', () => {
  it('finds what was added and not deleted, as a map does', () => {
    const step = fc.oneof(fc.record({ add: block }), fc.record({ remove: fc.nat(30) }), fc.record({ find: block }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = new BlockTable(100_000)
        const records = new Map<string, { record: number; block: Block }>()
        for (const step of steps) {
          if ('add' in step) {
            if (records.has(keyOf(step.add))) continue
            if (!table.hasRoom) assert.ok(table.grow(Infinity))
            const { low, high, tag } = step.add
            records.set(keyOf(step.add), { record: table.add(low, high, tag), block: step.add })
          } else if ('remove' in step) {
            const entry = [...records].at(step.remove)
            if (entry === undefined) continue
            table.delete(entry[1].record)
            records.delete(entry[0])
          } else {
            const { low, high, tag } = step.find
            assert.equal(table.find(low, high, tag), records.get(keyOf(step.find))?.record ?? 0)
          }
        }
        for (const { record, block } of records.values()) assert.equal(table.find(block.low, block.high, block.tag), record)
      }),
      { numRuns: 300 },
    )
  })

  it('leads to every holder of a first block, and to nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(block, { selector: keyOf, maxLength: 60 }), block, (blocks, { low, high }) => {
        const table = new BlockTable(100_000)
        const expected: number[] = []
        for (const block of blocks) {
          if (!table.hasRoom) table.grow(Infinity)
          const record = table.add(block.low, block.high, block.tag)
          if (block.low === low && block.high === high && block.tag >= FIRST_BLOCK) expected.push(record)
        }
        const found: number[] = []
        for (let record = table.firstBlock(low, high); record !== 0; record = table.nextFirstBlock(record)) found.push(record)
        assert.deepEqual(
          found.sort((a, b) => a - b),
          expected,
        )
      }),
    )
  })

  it('spreads blocks over its buckets as it grows', () => {
    const table = new BlockTable(2 ** 22)
    addAll(table, 50_000)
    let visits = 0
    for (let i = 0; i < 50_000; i++) visits += table.delete(table.find(hashOf(i), i, 0))
    assert.ok(visits < 2 * 50_000, `${visits} visits`)
  })

  it('spreads the holders of a block over its buckets', () => {
    const table = new BlockTable(2 ** 20)
    for (let tag = 0; tag < 3_000; tag++) {
      if (!table.hasRoom) assert.ok(table.grow(Infinity))
      table.add(1, 2, tag)
    }
    let visits = 0
    for (let tag = 0; tag < 3_000; tag++) visits += table.delete(table.find(1, 2, tag))
    assert.ok(visits < 2 * 3_000, `${visits} visits`)
  })

  it('uses deleted records again before it needs more room', () => {
    const table = new BlockTable(100_000)
    addAll(table, 100)
    const bytes = table.usedBytes
    for (let i = 0; i < 100; i++) table.delete(table.find(hashOf(i), i, 0))
    for (let i = 0; i < 100; i++) {
      assert.ok(table.hasRoom)
      table.add(hashOf(i), i, 7)
    }
    assert.equal(table.usedBytes, bytes)
    for (let i = 0; i < 100; i++) assert.equal(table.find(hashOf(i), i, 0), 0)
  })

  it('grows by small steps up to its own and the given limit', () => {
    const table = new BlockTable(10_000)
    assert.equal(table.usedBytes, RECORD_BYTES)
    assert.equal(table.hasRoom, false)
    let before = table.usedBytes
    while (table.grow(5_000)) {
      assert.ok(table.usedBytes > before && table.usedBytes - before <= 10_000 / 32)
      before = table.usedBytes
    }
    assert.equal(table.usedBytes, 4_992)
    while (table.grow(Infinity));
    assert.equal(table.usedBytes, 9_984)
  })

  it('is as new after a clear, and small', () => {
    const table = new BlockTable(2 ** 22)
    addAll(table, 20_000)
    table.clear()
    assert.ok(table.usedBytes <= 65_536 + RECORD_BYTES)
    for (let i = 0; i < 20_000; i++) assert.equal(table.find(hashOf(i), i, 0), 0)
    addAll(table, 20_000)
    for (let i = 0; i < 20_000; i++) assert.notEqual(table.find(hashOf(i), i, 0), 0)
  })
})
