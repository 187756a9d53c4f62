import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toRequestId, toRequestIdFields } from '#/edge/http/request-id.ts'

test("the client's own name is kept if it is printable and short", () => {
  assert.equal(toRequestId('trace-1/2:3'), 'trace-1/2:3')
  assert.equal(toRequestId('x'.repeat(128)), 'x'.repeat(128))
})

for (const value of [undefined, '', 'a b', 'caf\xe9', 'a\tb', 'x'.repeat(129)]) {
  test(`${JSON.stringify(value)} is replaced by a UUID`, () =>
    assert.match(toRequestId(value), /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/))
}

test("an answer names the request in the field that the client's SDK reads", () => {
  assert.deepEqual(toRequestIdFields('r', 'openai'), [['x-request-id', 'r']])
  assert.deepEqual(toRequestIdFields('r', 'anthropic'), [
    ['x-request-id', 'r'],
    ['request-id', 'r'],
  ])
})
