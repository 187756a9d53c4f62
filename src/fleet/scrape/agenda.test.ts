import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Agenda } from '#/fleet/scrape/agenda.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'

test('each time is reached once and in order, by one timer', () => {
  const clock = new VirtualClock()
  const heard: [number, number][] = []
  const agenda = new Agenda(clock, (slot) => heard.push([slot, clock.nowMs()]))
  agenda.set(3, 30)
  agenda.set(1, 10)
  agenda.set(2, 20)
  assert.equal(agenda.timeOf(2), 20)
  clock.advanceTo(25)
  assert.equal(agenda.timeOf(2), Infinity)
  clock.advanceTo(1000)
  assert.deepEqual(heard, [
    [1, 10],
    [2, 20],
    [3, 30],
  ])
  assert.equal(clock.nextTimerAtMs(), undefined)
})

test('a slot can be set again while it is due, even for the past, without starving the process', () => {
  const clock = new VirtualClock()
  let rounds = 0
  const agenda: Agenda = new Agenda(clock, (slot) => {
    if (++rounds < 5) agenda.set(slot, clock.nowMs() - 1)
  })
  agenda.set(0, 1)
  clock.runNext()
  assert.equal(rounds, 1, 'the next round belongs to the next timer')
  clock.advanceTo(10)
  assert.equal(rounds, 5)
})

test('what an earlier slot of the same round takes back or moves is not due', () => {
  const clock = new VirtualClock()
  const heard: [number, number][] = []
  const agenda: Agenda = new Agenda(clock, (slot) => {
    heard.push([slot, clock.nowMs()])
    if (slot !== 0) return
    agenda.remove(1)
    agenda.set(2, 50)
  })
  for (const slot of [0, 1, 2]) agenda.set(slot, 10)
  clock.advanceTo(60)
  assert.deepEqual(heard, [
    [0, 10],
    [2, 50],
  ])
})

test('after its end nothing fires, and no timer is left', () => {
  const clock = new VirtualClock()
  const agenda = new Agenda(clock, () => assert.fail('fired'))
  for (let slot = 0; slot < 10; slot++) agenda.set(slot, slot)
  agenda[Symbol.dispose]()
  assert.equal(clock.nextTimerAtMs(), undefined)
  assert.equal(agenda.timeOf(4), Infinity)
})

test('any sequence of sets, removals and time fires what a plain list would', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), slot: fc.nat({ max: 12 }), inMs: fc.integer({ min: -5, max: 50 }) }),
    fc.record({ kind: fc.constant('remove' as const), slot: fc.nat({ max: 12 }), inMs: fc.constant(0) }),
    fc.record({ kind: fc.constant('wait' as const), slot: fc.constant(0), inMs: fc.nat({ max: 30 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const clock = new VirtualClock()
      const fired: string[] = []
      const agenda = new Agenda(clock, (slot) => fired.push(`${slot}@${clock.nowMs()}`))
      const planned = new Map<number, number>()
      const expected: string[] = []
      for (const { kind, slot, inMs } of steps) {
        if (kind === 'set') {
          agenda.set(slot, clock.nowMs() + inMs)
          planned.set(slot, clock.nowMs() + inMs)
        } else if (kind === 'remove') {
          agenda.remove(slot)
          planned.delete(slot)
        } else {
          const startMs = clock.nowMs()
          clock.advanceTo(startMs + inMs)
          for (const [due, atMs] of planned) {
            if (atMs > startMs + inMs) continue
            expected.push(`${due}@${Math.max(atMs, startMs)}`)
            planned.delete(due)
          }
        }
      }
      assert.deepEqual(fired.sort(), expected.sort())
      for (let slot = 0; slot <= 12; slot++) assert.equal(agenda.timeOf(slot), planned.get(slot) ?? Infinity)
    }),
    { numRuns: 200 },
  )
})
