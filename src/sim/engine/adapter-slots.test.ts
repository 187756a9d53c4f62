import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AdapterSlots } from '#/sim/engine/adapter-slots.ts'

describe('AdapterSlots', () => {
  it('loads an adapter once while it stays resident', () => {
    const slots = new AdapterSlots(2)
    assert.equal(slots.acquire('a'), true)
    assert.equal(slots.acquire('a'), false)
    slots.release('a')
    slots.release('a')
    assert.equal(slots.acquire('a'), false)
    assert.equal(slots.userCount, 1)
  })

  it('has no place for another adapter while all slots are in use', () => {
    const slots = new AdapterSlots(1)
    slots.acquire('a')
    assert.equal(slots.canRun('a'), true)
    assert.equal(slots.canRun('b'), false)
    slots.release('a')
    assert.equal(slots.canRun('b'), true)
  })

  it('gives up the least recently used idle adapter', () => {
    const slots = new AdapterSlots(2)
    for (const adapter of ['a', 'b', 'a']) {
      slots.acquire(adapter)
      slots.release(adapter)
    }
    assert.equal(slots.acquire('c'), true)
    assert.deepEqual([slots.acquire('a'), slots.active()], [false, ['c', 'a']])
    assert.equal(slots.canRun('b'), false)
  })
})
