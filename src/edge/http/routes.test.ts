import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RouteTable } from '#/edge/http/routes.ts'
import type { RouteMatch } from '#/edge/http/routes.ts'
import { InferenceError } from '#/errors.ts'

const models = { path: '/v1/models', hasChildren: true, answer: () => ({ status: 200, body: '{}' }) }
const table = new RouteTable(['/v1/chat/completions', '/v1/messages'], [models])

function match(target: string): RouteMatch {
  const found = table.match(target)
  if (found instanceof InferenceError) throw found
  return found
}

test('an inference path is found in every spelling, with its query', () => {
  const { path, query, route } = match('/v1//chat/./%63ompletions?beta=true')
  assert.deepEqual([path, query, route.methods, route.local], ['/v1/chat/completions', '?beta=true', ['POST'], undefined])
})

test('a local path is found with what lies below it, decoded once', () => {
  assert.equal(match('/v1/models').route.child, undefined)
  assert.equal(match('/v1/models/meta%2FLlama-3').route.child, 'meta/Llama-3')
  assert.equal(match('/v1/models/meta/Llama-3').route.child, 'meta/Llama-3')
  assert.equal(match('/v1/models/a%252Fb').route.child, 'a%2Fb')
  assert.equal(match('/v1/models/x?y').route.local, models)
})

for (const target of ['/', '/v1', '/v1/modelsx', '/v1/models/', '/v1/models/%ff', '/v1/chat/completions/x', '/v1/chat%2Fcompletions']) {
  test(`${target} is not found`, () => {
    const error = table.match(target)
    assert.ok(error instanceof InferenceError)
    assert.equal(error.code, 'path_not_found')
    assert.match(error.message, /\/v1\/chat\/completions, \/v1\/messages, \/v1\/models, \/v1\/models\/NAME\./)
  })
}

test('what is no path is malformed', () => {
  const error = table.match('/v1/%zz')
  assert.ok(error instanceof InferenceError)
  assert.equal(error.code, 'malformed_http')
})
