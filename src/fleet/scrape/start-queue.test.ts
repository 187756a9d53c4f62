import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { StartQueue } from '#/fleet/scrape/start-queue.ts'

test('what comes is started in its order, as far as there is room', () => {
  const started: string[] = []
  const queue = new StartQueue<string>(2, (item) => started.push(item))
  for (const item of ['a', 'b', 'c', 'd', 'c']) queue.add(item)
  assert.deepEqual(started, ['a', 'b'])
  queue.ended()
  assert.deepEqual(started, ['a', 'b', 'c'])
  queue.withdraw('d')
  queue.withdraw('a')
  queue.ended()
  queue.ended()
  queue.ended()
  assert.deepEqual(started, ['a', 'b', 'c'])
  queue.add('e')
  assert.deepEqual(started, ['a', 'b', 'c', 'e'])
})

test('whatever comes, goes and ends: the bound holds, no room is left unused, and the order is kept', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constantFrom('add' as const, 'withdraw' as const), item: fc.nat({ max: 20 }) }),
    fc.record({ kind: fc.constant('end' as const), item: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 4 }), (steps, max) => {
      const started: number[] = []
      const expected: number[] = []
      let waiting: number[] = []
      let inFlight = 0
      const queue = new StartQueue<number>(max, (item) => started.push(item))
      for (const { kind, item } of steps) {
        if (kind === 'add') {
          queue.add(item)
          if (!waiting.includes(item)) waiting.push(item)
        } else if (kind === 'withdraw') {
          queue.withdraw(item)
          waiting = waiting.filter((other) => other !== item)
        } else if (inFlight > 0) {
          queue.ended()
          inFlight--
        }
        for (; inFlight < max && waiting.length > 0; inFlight++) expected.push(waiting.shift()!)
        assert.deepEqual(started, expected)
      }
    }),
    { numRuns: 100 },
  )
})
