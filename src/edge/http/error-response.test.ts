import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shapeFor, toErrorBody, toErrorEvent, toErrorFields } from '#/edge/http/error-response.ts'
import { InferenceError } from '#/errors.ts'

const error = new InferenceError('model_not_found', 'There is no "x".', { param: 'model' })

test('the OpenAI shape', () => {
  assert.deepEqual(JSON.parse(toErrorBody(error, 'openai', 'id')), {
    error: { message: 'There is no "x".', type: 'not_found_error', code: 'model_not_found', param: 'model' },
  })
  assert.equal(JSON.parse(toErrorBody(new InferenceError('internal', 'x'), 'openai', 'id')).error.param, null)
})

test('the Anthropic shape, on its path', () => {
  assert.deepEqual(JSON.parse(toErrorBody(error, shapeFor('/v1/messages'), 'id')), {
    type: 'error',
    error: { type: 'not_found_error', message: 'There is no "x".' },
    request_id: 'id',
  })
  assert.equal(shapeFor('/v1/messages/count_tokens'), 'anthropic')
  assert.equal(shapeFor('/v1/messagesx'), 'openai')
})

test('when to come back, in whole seconds, and why', () => {
  assert.deepEqual(toErrorFields(error), [])
  const saturated = new InferenceError('saturated', 'x', { retryAfterSeconds: 2.1 })
  assert.deepEqual(toErrorFields(saturated), ['retry-after', '3', 'x-llm-d-request-dropped-reason', 'rejected-saturated'])
  assert.deepEqual(toErrorFields(new InferenceError('shutting_down', 'x', { retryAfterSeconds: 0 }))[1], '1')
})

test('an error event is one whole event, even after half of another one', () => {
  const broken = `data: {"half":${toErrorEvent(new InferenceError('endpoint_failed', 'a\nb'), 'openai', 'id')}`
  const events = broken.split('\n\n')
  assert.equal(events.length, 3)
  assert.equal(JSON.parse(events[1]!.replace(/^data: /, '')).error.message, 'a\nb')
  assert.match(toErrorEvent(error, 'anthropic', 'id'), /^\n\nevent: error\ndata: \{"type":"error".*\}\n\n$/)
})
