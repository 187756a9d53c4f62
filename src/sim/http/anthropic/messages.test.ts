import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type Anthropic from '@anthropic-ai/sdk'
import { post, postForEvents, postJson, startQuick } from '#/sim/http/test-client.ts'

type Message = Anthropic.Message
type StreamEvent = Anthropic.RawMessageStreamEvent

const PATH = '/v1/messages'
const HELLO = { model: 'base-model', max_tokens: 5, ignore_eos: true, messages: [{ role: 'user', content: 'Hello' }] }

async function stream(url: string, body: object): Promise<StreamEvent[]> {
  const events = await postForEvents(url, { ...body, stream: true })
  return events.map(({ name, data }) => {
    const event: StreamEvent = JSON.parse(data)
    assert.equal(event.type, name)
    return event
  })
}

describe('POST /v1/messages', () => {
  it('answers with a text block, a reason and usage', async () => {
    await using simulators = await startQuick()
    const answer = await postJson<Message>(simulators.urls[0] + PATH, HELLO)
    const [block] = answer.content
    assert.ok(block?.type === 'text')
    assert.equal(block.text.length, 20)
    assert.deepEqual([answer.type, answer.role, answer.stop_reason, answer.stop_sequence], ['message', 'assistant', 'max_tokens', null])
    assert.deepEqual(answer.usage, { input_tokens: 11, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 5 })
  })

  it('streams the same answer as the events of the API, with usage at both ends', async () => {
    await using simulators = await startQuick()
    const url = simulators.urls[0] + PATH
    const body = { ...HELLO, system: [{ type: 'text', text: 'Be kind. '.repeat(20) }] }
    const whole = await postJson<Message>(url, body)
    const events = await stream(url, body)
    assert.deepEqual(
      events.map(({ type }) => type),
      [
        'message_start',
        'content_block_start',
        ...Array.from({ length: 5 }, () => 'content_block_delta'),
        'content_block_stop',
        'message_delta',
        'message_stop',
      ],
    )
    const text = events
      .map((event) => (event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : ''))
      .join('')
    assert.deepEqual(whole.content, [{ type: 'text', text }])
    const [start] = events
    assert.ok(start?.type === 'message_start')
    assert.deepEqual([start.message.usage.cache_read_input_tokens, start.message.usage.output_tokens], [48, 0])
    const delta = events.at(-2)
    assert.ok(delta?.type === 'message_delta')
    assert.deepEqual([delta.delta.stop_reason, delta.usage.output_tokens], ['max_tokens', 5])
    assert.equal(delta.usage.input_tokens! + delta.usage.cache_read_input_tokens!, whole.usage.input_tokens)
  })

  it('ends by itself, or at a stop sequence that it names', async () => {
    await using simulators = await startQuick()
    const url = simulators.urls[0] + PATH
    const free = await postJson<Message>(url, { ...HELLO, max_tokens: 900, ignore_eos: false })
    assert.equal(free.stop_reason, 'end_turn')
    const [block] = free.content
    assert.ok(block?.type === 'text')
    const stop = block.text.slice(10, 13)
    const cut = await postJson<Message>(url, { ...HELLO, max_tokens: 900, stop_sequences: [stop] })
    assert.deepEqual([cut.stop_reason, cut.stop_sequence], ['stop_sequence', stop])
    assert.deepEqual(cut.content, [{ type: 'text', text: block.text.slice(0, block.text.indexOf(stop)) }])
  })

  it('uses the tool that the request insists on', async () => {
    await using simulators = await startQuick()
    const url = simulators.urls[0] + PATH
    const tools = ['first', 'second'].map((name) => ({
      name,
      input_schema: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
    }))
    const any = await postJson<Message>(url, { ...HELLO, max_tokens: 100, tools, tool_choice: { type: 'any' } })
    const [block] = any.content
    assert.ok(block?.type === 'tool_use')
    assert.deepEqual([block.name, Object.keys(Object(block.input)), any.stop_reason], ['first', ['city'], 'tool_use'])

    const events = await stream(url, { ...HELLO, max_tokens: 100, tools, tool_choice: { type: 'tool', name: 'second' } })
    const start = events.find((event) => event.type === 'content_block_start')
    assert.ok(start?.content_block.type === 'tool_use')
    assert.equal(start.content_block.name, 'second')
    const json = events
      .map((event) => (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta' ? event.delta.partial_json : ''))
      .join('')
    assert.deepEqual(Object.keys(JSON.parse(json)), ['city'])
  })

  it('refuses in the shape of the API', async () => {
    await using simulators = await startQuick()
    const cases: readonly (readonly [body: object, status: number, type: string])[] = [
      [{ ...HELLO, model: 'other' }, 404, 'not_found_error'],
      [{ ...HELLO, max_tokens: undefined }, 400, 'invalid_request_error'],
      [{ ...HELLO, max_tokens: 5000 }, 400, 'invalid_request_error'],
      [{ ...HELLO, tool_choice: { type: 'any' } }, 400, 'invalid_request_error'],
    ]
    for (const [body, status, type] of cases) {
      const response = await post(simulators.urls[0] + PATH, body)
      const answer = JSON.parse(await response.text())
      assert.deepEqual([response.status, answer.type, answer.error.type], [status, 'error', type])
    }
  })
})
