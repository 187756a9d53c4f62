import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestLimit } from '#/request/admit/request-limit.ts'

test('the limit holds, and a released place is free again', () => {
  const limit = new RequestLimit(2)
  assert.equal(limit.admit(), undefined)
  assert.equal(limit.admit(), undefined)
  assert.equal(limit.admit()?.code, 'too_many_requests')
  limit.release()
  assert.equal(limit.admit(), undefined)
  assert.equal(limit.inFlight, 2)
})

test('a draining gateway refuses with a reason of its own and lets go on what is in flight', () => {
  const limit = new RequestLimit(2)
  limit.admit()
  limit.drain()
  const refusal = limit.admit()
  assert.equal(refusal?.code, 'shutting_down')
  assert.equal(refusal?.definition.droppedReason, 'rejected-shutting-down')
  assert.equal(limit.inFlight, 1)
})
