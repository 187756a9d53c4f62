import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { VirtualClock } from '#/lib/virtual-clock.ts'

test('timers fire in order of time, then of creation, at their own time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (delays) => {
      const clock = new VirtualClock()
      const fired: { index: number; atMs: number }[] = []
      delays.forEach((delayMs, index) => clock.schedule(delayMs, () => fired.push({ index, atMs: clock.nowMs() })))
      clock.advanceTo(100)
      const expected = delays.map((atMs, index) => ({ index, atMs })).sort((a, b) => a.atMs - b.atMs || a.index - b.index)
      assert.deepEqual(fired, expected)
      assert.equal(clock.nowMs(), 100)
    }),
  )
})

test('a cancelled timer does not fire, and does not hold up the clock', () => {
  const clock = new VirtualClock()
  let count = 0
  const timer = clock.schedule(5, () => count++)
  clock.schedule(7, () => count++)
  timer.cancel()
  assert.equal(clock.nextTimerAtMs(), 7)
  clock.advanceTo(50)
  assert.equal(count, 1)
  assert.equal(clock.runNext(), false)
})

test('a timer made while firing fires in the same advance if it is due', () => {
  const clock = new VirtualClock()
  const times: number[] = []
  const tick = (): void => {
    times.push(clock.nowMs())
    if (times.length < 5) clock.schedule(10, tick)
  }
  clock.schedule(10, tick)
  clock.advanceTo(35)
  assert.deepEqual(times, [10, 20, 30])
})
