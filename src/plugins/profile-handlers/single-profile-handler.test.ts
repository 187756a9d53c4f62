import assert from 'node:assert/strict'
import { test } from 'node:test'
import { singleProfileHandler } from '#/plugins/profile-handlers/single-profile-handler.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'

test('runs the one profile, whatever its name, and forwards to its result', () => {
  const handler = createPluginHarness({ profiles: ['mine'] }).create(singleProfileHandler)
  assert.equal(handler.next(fakeRequest(), []), 'mine')
  const result = { profile: 'mine', ranked: Uint16Array.of(2), count: 1 }
  assert.equal(handler.next(fakeRequest(), [result]), undefined)
  assert.deepEqual(handler.finish(fakeRequest(), [result]), { main: result, legs: [] })
})

test('refuses several profiles', () => {
  assert.throws(
    () => createPluginHarness({ profiles: ['a', 'b'] }).create(singleProfileHandler),
    /exactly one profile, and there are 2: a, b/,
  )
})
