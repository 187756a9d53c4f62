import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { defineColumnKey } from '#/sdk/data-key.ts'
import { MAX_SLOTS } from '#/sdk/endpoint.ts'
import { kvCacheUtilization, waitingQueueSize } from '#/sdk/keys.ts'

test('a column is created once, empty, and never replaced', () => {
  const store = new ColumnStore(4)
  const column = store.column(waitingQueueSize)
  assert.deepEqual([...column.values], [0, 0, 0, 0])
  assert.deepEqual([...column.updatedAtMs], [-Infinity, -Infinity, -Infinity, -Infinity])
  column.values[1] = 7
  store.column(kvCacheUtilization)
  assert.equal(store.column(waitingQueueSize), column)
  assert.equal(store.column(waitingQueueSize).values[1], 7)
  assert.deepEqual(
    [...store.all()].map(({ key }) => key),
    [waitingQueueSize, kvCacheUtilization],
  )
})

test('two keys of one name are refused', () => {
  const store = new ColumnStore(4)
  store.column(waitingQueueSize)
  const impostor = defineColumnKey({ name: waitingQueueSize.name, unit: 'ms', scope: 'fleet', description: '' })
  assert.throws(() => store.column(impostor), /two different data keys are named "waiting-queue-size"/)
})

test('resetting a slot leaves the others alone', () => {
  const store = new ColumnStore(3)
  for (const key of [waitingQueueSize, kvCacheUtilization]) {
    store.column(key).values.fill(5)
    store.column(key).updatedAtMs.fill(100)
  }
  store.resetSlot(1)
  for (const key of [waitingQueueSize, kvCacheUtilization]) {
    assert.deepEqual([...store.column(key).values], [5, 0, 5])
    assert.deepEqual([...store.column(key).updatedAtMs], [100, -Infinity, 100])
  }
})

test('a size that slots cannot number is refused', () => {
  for (const size of [0, -1, 1.5, NaN, MAX_SLOTS + 1]) assert.throws(() => new ColumnStore(size), RangeError)
  assert.equal(new ColumnStore(MAX_SLOTS).maxEndpoints, MAX_SLOTS)
})
