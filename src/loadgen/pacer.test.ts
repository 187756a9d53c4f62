import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pacer } from '#/loadgen/pacer.ts'

test('each order brings one wake-up, not before its time', { timeout: 10_000 }, async () => {
  let woken = Promise.withResolvers<void>()
  let count = 0
  const pacer = await Pacer.start(() => {
    count++
    woken.resolve()
  })
  for (const delayMs of [0, 0.3, 5, -1]) {
    woken = Promise.withResolvers()
    const startedAtMs = performance.now()
    pacer.wakeAfter(delayMs)
    await woken.promise
    assert.ok(performance.now() - startedAtMs >= delayMs - 0.1)
  }
  assert.equal(count, 4)
  await pacer.close()
})

test('closing ends it in the middle of a long sleep', { timeout: 10_000 }, async () => {
  const pacer = await Pacer.start(() => {})
  pacer.wakeAfter(3_600_000)
  await pacer.close()
})
