import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineUsageOf } from '#/loadgen/machine-usage.ts'

test('busy time is everything but idle, waiting, stolen and guest time', () => {
  const stat = 'cpu  100 200 300 4000 5000 60 70 800 9000 9000\ncpu0 1 2 3 4 5 6 7 8 9 10\n'
  assert.deepEqual(machineUsageOf(stat), { busySeconds: 7.3, stolenSeconds: 8 })
})
