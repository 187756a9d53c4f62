import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { RECORD_WORDS } from '#/fleet/prefix/block-record.ts'
import { RecencyLists } from '#/fleet/prefix/recency-lists.ts'

const SLOTS = 3
const RECORDS = 12

const position = fc.nat(RECORDS)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('insert' as const), slot: fc.nat(SLOTS - 1), behind: position }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), slot: fc.nat(SLOTS - 1), behind: position, nth: position }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), slot: fc.nat(SLOTS - 1), nth: position }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon' as const), slot: fc.nat(SLOTS - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
)

/** A slot's records from the oldest on, by way of removing them. */
function drain(lists: RecencyLists, slot: number): number[] {
  const records: number[] = []
  while (lists.count(slot) > 0) {
    const record = lists.oldest(slot)
    assert.equal(lists.olderThan(record), 0)
    records.push(record)
    lists.remove(record, slot)
  }
  return records
}

describe('RecencyLists', () => {
  it('keeps the order that arrays keep', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lists = new RecencyLists(new Uint32Array((RECORDS + 1) * RECORD_WORDS))
        lists.resize(SLOTS)
        const free = Array.from({ length: RECORDS }, (_, i) => i + 1)
        const abandoned: number[] = []
        const slots: number[][] = Array.from({ length: SLOTS }, () => [])
        for (const step of steps) {
          if (step.kind === 'take') {
            assert.equal(lists.hasAbandoned, abandoned.length > 0)
            if (!lists.hasAbandoned) continue
            const record = lists.takeAbandoned()
            assert.equal(record, abandoned.shift())
            free.push(record)
            continue
          }
          const list = slots[step.slot]!
          if (step.kind === 'insert') {
            const record = free.pop()
            if (record === undefined) continue
            const at = step.behind % (list.length + 1)
            lists.insert(record, step.slot, at === 0 ? 0 : list[at - 1]!)
            list.splice(at, 0, record)
          } else if (step.kind === 'abandon') {
            lists.abandon(step.slot)
            abandoned.push(...list.splice(0))
          } else if (list.length > 0) {
            const [record] = list.splice(step.nth % list.length, 1)
            if (step.kind === 'move') {
              const at = step.behind % (list.length + 1)
              lists.move(record!, step.slot, at === 0 ? 0 : list[at - 1]!)
              list.splice(at, 0, record!)
            } else {
              lists.remove(record!, step.slot)
              free.push(record!)
            }
          }
          assert.equal(lists.total, slots.flat().length)
          assert.equal(lists.holders, slots.filter((list) => list.length > 0).length)
        }
        for (const [slot, list] of slots.entries()) {
          for (const [i, record] of list.entries()) assert.equal(lists.olderThan(record), list[i + 1] ?? 0)
          assert.deepEqual(drain(lists, slot), list.toReversed())
        }
      }),
      { numRuns: 300 },
    )
  })

  it('leaves a record where it is when it is to go behind itself', () => {
    const lists = new RecencyLists(new Uint32Array(4 * RECORD_WORDS))
    lists.resize(1)
    lists.insert(1, 0, 0)
    lists.insert(2, 0, 1)
    lists.move(1, 0, 1)
    assert.deepEqual(drain(lists, 0), [2, 1])
  })

  it('knows no blocks of a slot that it does not know', () => {
    assert.equal(new RecencyLists(new Uint32Array(RECORD_WORDS)).count(9), 0)
  })
})
