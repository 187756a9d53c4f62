import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedRefresh } from '#/fleet/models/shared-refresh.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'

interface Run {
  readonly slots: number[]
  readonly startedAtMs: number
  readonly finish: () => void
}

function create(): { clock: VirtualClock; runs: Run[]; refresh: SharedRefresh } {
  const clock = new VirtualClock()
  const runs: Run[] = []
  const refresh = new SharedRefresh(clock, 1000, (slots, startedAtMs) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    runs.push({ slots: [...slots], startedAtMs, finish: resolve })
    return promise
  })
  return { clock, runs, refresh }
}

/** Whether the promise is settled, after everything that can happen by itself has happened. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

test('callers of one moment share one refresh, which covers the slots of all', async () => {
  const { clock, runs, refresh } = create()
  const asks = [refresh.request([1, 2]), refresh.request([2, 3])]
  assert.equal(runs.length, 0, 'not from within the call')
  clock.advanceTo(0)
  assert.deepEqual(runs[0]?.slots, [1, 2, 3])
  assert.equal(await isSettled(asks[0]!), false)
  runs[0].finish()
  await Promise.all(asks)
  assert.equal(runs.length, 1)
})

test('who asks after a refresh began waits for the next one, a second later', async () => {
  const { clock, runs, refresh } = create()
  const first = refresh.request([1])
  clock.advanceTo(0)
  const second = refresh.request([7])
  clock.advanceTo(500)
  const third = refresh.request([8])
  runs[0]!.finish()
  await first
  assert.equal(await isSettled(second), false)
  clock.advanceTo(999)
  assert.equal(runs.length, 1)
  clock.advanceTo(1000)
  assert.deepEqual([runs[1]?.slots, runs[1]?.startedAtMs], [[7, 8], 1000])
  runs[1]!.finish()
  await Promise.all([second, third])
  clock.advanceTo(9000)
  assert.equal(runs.length, 2)
})

test('after the end those who wait are let go, and no timer is left', async () => {
  const { clock, runs, refresh } = create()
  const ask = refresh.request([1])
  refresh[Symbol.dispose]()
  await ask
  assert.deepEqual([runs.length, clock.nextTimerAtMs()], [0, undefined])
})
