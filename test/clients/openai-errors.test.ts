/** What the official OpenAI client makes of refusals, and what is left behind of requests that it gives up. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { eventually } from '../suite-support/eventually.ts'
import { failureOf } from '../suite-support/failure-of.ts'
import { GatewayProcess } from '../suite-support/gateway-process.ts'
import { ENDLESS, MODEL, ServingFleet } from '../suite-support/serving-fleet.ts'

const MAX_BODY_BYTES = 64 * 1024

describe('errors, as the OpenAI client sees them', () => {
  let fleet: ServingFleet
  let client: OpenAI
  const question = { model: MODEL, messages: [{ role: 'user' as const, content: 'Well?' }] }

  before(async () => {
    fleet = await ServingFleet.start(['--max-body-bytes', String(MAX_BODY_BYTES)])
    client = clientOf(fleet.gateway)
  })
  after(() => fleet[Symbol.asyncDispose]())

  it('a model that nobody has: NotFoundError with the nearest names', async () => {
    const error = await failureOf(NotFoundError, client.chat.completions.create({ ...question, model: 'tset-model' }))
    assert.deepEqual([error.code, error.type, error.param], ['model_not_found', 'not_found_error', 'model'])
    assert.match(error.message, /Nearest: test-model/)
    assert.match(error.requestID!, /^[0-9a-f-]{36}$/)
  })

  it('an API that is not there: NotFoundError that lists the paths', async () => {
    const error = await failureOf(NotFoundError, client.responses.create({ model: MODEL, input: 'Well?' }))
    assert.equal(error.code, 'path_not_found')
    assert.match(error.message, /\/v1\/chat\/completions/)
  })

  const malformed: readonly (readonly [name: string, body: string, code: string])[] = [
    ['cut JSON', '{"model":"test-model","messages":[', 'malformed_json'],
    ['no model', '{"messages":[]}', 'missing_model'],
    ['a model that is no text', '{"model":7}', 'invalid_value'],
    ['two models', '{"model":"test-model","model":"other"}', 'duplicate_key'],
    ['nesting without end', `{"model":"test-model","messages":${'['.repeat(10_000)}`, 'nested_too_deeply'],
  ]
  for (const [name, body, code] of malformed) {
    it(`${name}: BadRequestError`, async () => {
      const sent = client.post('/chat/completions', { body, headers: { 'content-type': 'application/json' } })
      assert.equal((await failureOf(BadRequestError, sent)).code, code)
    })
  }

  it('a body that is no JSON by its type: 415', async () => {
    const error = await failureOf(APIError, client.post('/chat/completions', { body: 'x', headers: { 'content-type': 'text/plain' } }))
    assert.deepEqual([error.status, error.code], [415, 'unsupported_media_type'])
  })

  it("the model server's own refusal comes through as it is", async () => {
    const error = await failureOf(BadRequestError, client.chat.completions.create({ ...question, max_tokens: 1_000_000 }))
    assert.match(error.message, /maximum context length/)
    assert.equal(error.param, 'max_tokens')
  })

  it('a body beyond the limit: 413, however much is sent', async () => {
    for (const sizeBytes of [MAX_BODY_BYTES, 8 * 1024 * 1024]) {
      const large = { ...question, messages: [{ role: 'user' as const, content: 'x'.repeat(sizeBytes) }] }
      const error = await failureOf(APIError, client.chat.completions.create(large))
      assert.deepEqual([error.status, error.code], [413, 'body_too_large'])
    }
    assert.ok((await client.chat.completions.create(question)).choices.length === 1)
  })

  it('more requests than --max-requests: RateLimitError until one has ended', async () => {
    await using limited = await GatewayProcess.start([...fleet.servers.urls, '--max-requests', '1'])
    await limited.untilReady()
    const hasty = clientOf(limited)
    const stream = await hasty.chat.completions.create({ ...question, ...ENDLESS, stream: true })
    const error = await failureOf(RateLimitError, hasty.chat.completions.create(question))
    assert.deepEqual([error.code, error.type], ['too_many_requests', 'rate_limit_error'])
    assert.match(error.headers.get('retry-after')!, /^[1-9]\d*$/)
    stream.controller.abort()
    await eventually('a place is free', async () => (await limited.inFlight()).requests === 0)
    assert.equal((await hasty.chat.completions.create(question)).choices.length, 1)
  })

  it('a stream that is left in the middle ends on the engine too', async () => {
    const stream = await client.chat.completions.create({ ...question, ...ENDLESS, stream: true })
    for await (const chunk of stream) {
      if (!chunk.choices[0]?.delta.content) continue
      assert.equal(fleet.sequences, 1)
      assert.deepEqual((await fleet.gateway.inFlight()).requests, 1)
      break
    }
    await fleet.untilIdle()
  })

  it('a request that is aborted before its answer ends on the engine too', async () => {
    const abort = new AbortController()
    const answer = client.chat.completions.create({ ...question, ...ENDLESS }, { signal: abort.signal })
    await eventually('the engine works on it', () => fleet.sequences === 1)
    abort.abort()
    await assert.rejects(answer, APIUserAbortError)
    await fleet.untilIdle()
  })

  it("a request past the client's own timeout ends on the engine too", async () => {
    const answer = client.chat.completions.create({ ...question, ...ENDLESS }, { timeout: 200 })
    await assert.rejects(answer, APIConnectionTimeoutError)
    await fleet.untilIdle()
  })

  it('a burst of which some are left in the middle leaves nothing behind', async () => {
    const abort = new AbortController()
    const answers = Array.from({ length: 20 }, async (_, i) => {
      if (i % 2 === 0) return client.chat.completions.create({ ...question, max_tokens: 20 })
      return client.chat.completions.create({ ...question, ...ENDLESS }, { signal: abort.signal })
    })
    await Promise.all(answers.filter((_, i) => i % 2 === 0))
    abort.abort()
    const ends = await Promise.allSettled(answers)
    assert.deepEqual(
      ends.map(({ status }) => status),
      ends.map((_, i) => (i % 2 === 0 ? 'fulfilled' : 'rejected')),
    )
    await fleet.untilIdle()
    const running = [...(await fleet.gateway.metrics()).matchAll(/^llm_d_epp_request_running\{.*\} (\S+)$/gm)].map(([, value]) => value)
    assert.ok(running.length > 0 && running.every((value) => value === '0'), running.join())
  })

  it('a server that dies before its answer: InternalServerError, a 502', async () => {
    await using alone = await ServingFleet.start([], { replicas: 1 })
    const answer = failureOf(InternalServerError, clientOf(alone.gateway).chat.completions.create({ ...question, ...ENDLESS }))
    await eventually('the engine works on it', () => alone.sequences === 1)
    await alone.servers.replicas[0]!.stop()
    const { status, code } = await answer
    assert.deepEqual([status, code], [502, 'endpoint_failed'])
  })

  it('every server down: InternalServerError, a 503 that says when to come back', async () => {
    await using alone = await ServingFleet.start()
    const lonely = clientOf(alone.gateway)
    for (const replica of alone.servers.replicas) await replica.stop()
    // A request that comes before the gateway knows is one that reached no server.
    await failureOf(InternalServerError, lonely.chat.completions.create(question))
    await eventually('the gateway knows', async () =>
      (await alone.gateway.fleet()).endpoints.every(({ readiness }) => readiness === 'down'),
    )
    for (const request of [
      lonely.chat.completions.create(question),
      lonely.chat.completions.create({ ...question, model: 'unheard-of' }),
    ]) {
      const error = await failureOf(InternalServerError, request)
      assert.equal(error.status, 503)
      assert.match(error.headers.get('retry-after')!, /^[1-9]\d*$/)
      assert.equal(error.headers.get('x-llm-d-request-dropped-reason'), 'rejected-no-endpoints')
    }
  })

  it('no gateway: APIConnectionError, after a drain that let the last answer end', async () => {
    const gateway = await GatewayProcess.start(fleet.servers.urls)
    await gateway.untilReady()
    const leaving = clientOf(gateway)
    const stream = await leaving.chat.completions.create({ ...question, ...ENDLESS, max_tokens: 1000, stream: true })
    const stopped = gateway.stop()
    const reasons: (string | null | undefined)[] = []
    for await (const { choices } of stream) reasons.push(choices[0]?.finish_reason)
    assert.equal(reasons.at(-1), 'length')
    const { code, stderr } = await stopped
    assert.equal(code, 0)
    assert.match(stderr, /"inFlight":1,"msg":"draining/)
    await assert.rejects(leaving.chat.completions.create(question), APIConnectionError)
  })
})

function clientOf(gateway: GatewayProcess): OpenAI {
  return new OpenAI({ apiKey: 'unused', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
}
