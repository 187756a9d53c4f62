/** The official Anthropic client through the gateway: messages, streams, tools, errors in its own shape, and the request id where it looks for it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import Anthropic, {
  APIConnectionTimeoutError,
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import { eventually } from '../suite-support/eventually.ts'
import { failureOf } from '../suite-support/failure-of.ts'
import { GatewayProcess } from '../suite-support/gateway-process.ts'
import { ADAPTER, ENDLESS, MODEL, ServingFleet } from '../suite-support/serving-fleet.ts'

const MAX_BODY_BYTES = 64 * 1024

type Question = Omit<Anthropic.MessageCreateParamsNonStreaming, 'stream'>

describe('the Anthropic client', () => {
  let fleet: ServingFleet
  let client: Anthropic
  /** The same client, with no gateway between. */
  let direct: Anthropic

  before(async () => {
    fleet = await ServingFleet.start(['--max-body-bytes', String(MAX_BODY_BYTES)])
    client = clientAt(fleet.gateway.url)
    direct = clientAt(fleet.servers.urls[0]!)
  })
  after(() => fleet[Symbol.asyncDispose]())

  it('gets the message that the server itself would send', async () => {
    const { data, response } = await client.messages.create(question('Which way to the station?')).withResponse()
    const { content, stop_reason } = await direct.messages.create(question('Which way to the station?'))
    assert.deepEqual([data.content, data.stop_reason], [content, stop_reason])
    assert.ok(data.usage.output_tokens > 0)
    assert.ok(fleet.servers.urls.includes(`http://${response.headers.get('x-headgate-endpoint')}`))
  })

  it('finds the request id', async () => {
    const { response, request_id } = await client.messages.create(question('Who is there?')).withResponse()
    assert.match(request_id!, /^[0-9a-f-]{36}$/)
    assert.equal(response.headers.get('x-request-id'), request_id)
    const chosen = { headers: { 'x-request-id': 'chosen-1' } }
    assert.equal((await client.messages.create(question('Who is there?'), chosen))._request_id, 'chosen-1')
  })

  it('streams the same message', async () => {
    const asked = question('Tell me about gateways.', { system: 'Be brief.' })
    const types: string[] = []
    const stream = client.messages.stream(asked).on('streamEvent', ({ type }) => types.push(type))
    const { content, stop_reason, usage } = await stream.finalMessage()
    const whole = await client.messages.create(asked)
    assert.deepEqual([content, stop_reason, usage.output_tokens], [whole.content, whole.stop_reason, whole.usage.output_tokens])
    assert.deepEqual([types[0], types.at(-1)], ['message_start', 'message_stop'])
    assert.ok(types.filter((type) => type === 'content_block_delta').length > 1)
  })

  it('stops at a stop sequence', async () => {
    const text = textOf(await client.messages.create(question('Count.')))
    const stop = text.slice(20, 26)
    const cut = await client.messages.create(question('Count.', { stop_sequences: [stop] }))
    assert.deepEqual([cut.stop_reason, cut.stop_sequence, textOf(cut)], ['stop_sequence', stop, text.slice(0, text.indexOf(stop))])
  })

  it('has a tool used, in a stream too', async () => {
    const input_schema = { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] }
    const tools = [{ name: 'get_weather', description: 'Weather to come', input_schema }]
    const asked = question('How is the weather?', { tools, tool_choice: { type: 'any' }, max_tokens: 500 })
    for (const message of [await client.messages.create(asked), await client.messages.stream(asked).finalMessage()]) {
      const [block] = message.content
      assert.ok(block?.type === 'tool_use')
      assert.deepEqual([message.stop_reason, block.name, Object.keys(Object(block.input))], ['tool_use', 'get_weather', ['city']])
    }
  })

  it('has an adapter served by a server that has it', async () => {
    const { data, response } = await client.messages.create(question('SELECT', { model: ADAPTER })).withResponse()
    assert.equal(data.model, ADAPTER)
    assert.equal(`http://${response.headers.get('x-headgate-endpoint')}`, fleet.servers.urls[0])
  })

  it('a model that nobody has: not_found_error with the nearest names', async () => {
    const error = await failureOf(NotFoundError, client.messages.create(question('', { model: 'tset-model' })))
    assert.equal(error.type, 'not_found_error')
    assert.match(error.message, /Nearest: test-model/)
    assert.ok(error.requestID)
  })

  it('no model: invalid_request_error', async () => {
    const error = await failureOf(BadRequestError, client.post('/v1/messages', { body: { messages: [] } }))
    assert.equal(error.type, 'invalid_request_error')
  })

  it("the model server's own refusal comes through as it is", async () => {
    const long = question('x'.repeat(60_000), { max_tokens: 20_000 })
    const error = await failureOf(BadRequestError, client.messages.create(long))
    assert.equal(error.type, 'invalid_request_error')
    assert.match(error.message, /maximum context length/)
  })

  it('a body beyond the limit: request_too_large', async () => {
    const error = await failureOf(APIError, client.messages.create(question('x'.repeat(MAX_BODY_BYTES))))
    assert.deepEqual([error.status, error.type], [413, 'request_too_large'])
  })

  it('more requests than --max-requests: rate_limit_error', async () => {
    await using limited = await GatewayProcess.start([...fleet.servers.urls, '--max-requests', '1'])
    await limited.untilReady()
    const hasty = clientAt(limited.url)
    const stream = await hasty.messages.create({ ...question('On and on.', ENDLESS), stream: true })
    const error = await failureOf(RateLimitError, hasty.messages.create(question('Now?')))
    assert.equal(error.type, 'rate_limit_error')
    stream.controller.abort()
    await fleet.untilIdle()
  })

  it('a stream that is left in the middle ends on the engine too', async () => {
    const stream = await client.messages.create({ ...question('On and on.', ENDLESS), stream: true })
    for await (const { type } of stream) if (type === 'content_block_delta') break
    await fleet.untilIdle()
  })

  it("a request past the client's own timeout ends on the engine too", async () => {
    await assert.rejects(client.messages.create(question('On and on.', ENDLESS), { timeout: 200 }), APIConnectionTimeoutError)
    await fleet.untilIdle()
  })

  it('a server that dies within a stream: an error event, and an error from the client', async () => {
    await using alone = await ServingFleet.start([], { replicas: 1 })
    const stream = await clientAt(alone.gateway.url).messages.create({ ...question('On and on.', ENDLESS), stream: true })
    const reading = (async () => {
      for await (const { type } of stream) if (type === 'content_block_delta') await alone.servers.replicas[0]!.stop()
    })()
    assert.equal((await failureOf(APIError, reading)).type, 'api_error')
  })

  it('every server down: overloaded_error, a 503 that says when to come back', async () => {
    await using alone = await ServingFleet.start([], { replicas: 1 })
    await alone.servers.replicas[0]!.stop()
    await eventually('the gateway knows', async () => (await alone.gateway.fleet()).endpoints[0]!.readiness === 'down')
    const error = await failureOf(InternalServerError, clientAt(alone.gateway.url).messages.create(question('Well?')))
    assert.deepEqual([error.status, error.type], [503, 'overloaded_error'])
    assert.match(error.headers.get('retry-after')!, /^[1-9]\d*$/)
  })
})

function clientAt(baseURL: string): Anthropic {
  return new Anthropic({ apiKey: 'unused', baseURL, maxRetries: 0 })
}

function question(content: string, more: Partial<Question> = {}): Question {
  return { model: MODEL, max_tokens: 40, messages: [{ role: 'user', content: content || 'Well?' }], ...more }
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
}
