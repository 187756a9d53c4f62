/** The official OpenAI client through the gateway: everything it can ask of a model server comes back as if it had asked the server itself. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import OpenAI, { NotFoundError } from 'openai'
import { ADAPTER, MODEL, ServingFleet } from '../suite-support/serving-fleet.ts'

type Chat = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>

describe('the OpenAI client', () => {
  let fleet: ServingFleet
  let client: OpenAI
  /** The same client, with no gateway between. */
  let direct: OpenAI

  before(async () => {
    fleet = await ServingFleet.start()
    const common = { apiKey: 'unused', maxRetries: 0 }
    client = new OpenAI({ ...common, baseURL: `${fleet.gateway.url}/v1` })
    direct = new OpenAI({ ...common, baseURL: `${fleet.servers.urls[0]}/v1` })
  })
  after(() => fleet[Symbol.asyncDispose]())

  function chat(content: string, more: Partial<Chat> = {}): Chat {
    return { model: MODEL, messages: [{ role: 'user', content }], max_tokens: 40, ...more }
  }

  it('completes a chat, and is told which endpoint served it', async () => {
    const { data, response, request_id } = await client.chat.completions.create(chat('Which way to the station?')).withResponse()
    assert.equal(data.choices.length, 1)
    assert.ok(data.choices[0]!.message.content!.length > 0)
    assert.equal(data.usage!.total_tokens, data.usage!.prompt_tokens + data.usage!.completion_tokens)
    assert.match(request_id!, /^[0-9a-f-]{36}$/)
    assert.ok(fleet.servers.urls.includes(`http://${response.headers.get('x-headgate-endpoint')}`))
  })

  it('is given the request id that it chose', async () => {
    const chosen = { headers: { 'x-request-id': 'chosen-1' } }
    assert.equal((await client.chat.completions.create(chat('Who are you?'), chosen))._request_id, 'chosen-1')
  })

  it('streams the same text in many chunks, the usage last', async () => {
    const question = chat('Tell me about gateways.')
    const whole = await client.chat.completions.create(question)
    const chunks: OpenAI.ChatCompletionChunk[] = []
    const stream = await client.chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } })
    for await (const chunk of stream) chunks.push(chunk)
    const last = chunks.pop()!
    assert.deepEqual(last.choices, [])
    assert.equal(last.usage!.completion_tokens, whole.usage!.completion_tokens)
    assert.equal(chunks.map(({ choices }) => choices[0]!.delta.content ?? '').join(''), whole.choices[0]!.message.content)
    assert.equal(chunks.at(-1)!.choices[0]!.finish_reason, whole.choices[0]!.finish_reason)
    assert.ok(chunks.length > whole.usage!.completion_tokens)
  })

  it("streams by the client's own helper", async () => {
    const question = chat('Tell me about helpers.')
    const streamed = await client.chat.completions.stream(question).finalChatCompletion()
    const whole = await client.chat.completions.create(question)
    assert.equal(streamed.choices[0]!.message.content, whole.choices[0]!.message.content)
  })

  const variants: readonly (readonly [name: string, request: Chat])[] = [
    ['two choices', chat('Say something twice.', { n: 2 })],
    ['a system message, content parts and names', chat('', { messages: richMessages() })],
    ['sampling settings', chat('Choose.', { temperature: 0.2, top_p: 0.5, seed: 7, presence_penalty: 0.1, user: 'someone' })],
    ['tools that are not used', chat('No tool, please.', { tools: [weatherTool()], tool_choice: 'none' })],
    ['text of many scripts', chat('שלום 你好 🚦 \u0000 "quoted" \\ \u2028')],
  ]
  for (const [name, request] of variants) {
    it(`gets the answer of the server itself: ${name}`, async () => {
      const throughGateway = await client.chat.completions.create(request)
      assert.equal(throughGateway.choices.length, request.n ?? 1)
      assert.deepEqual(throughGateway.choices, (await direct.chat.completions.create(request)).choices)
    })
  }

  it('stops before a stop text', async () => {
    const text = (await client.chat.completions.create(chat('Count.'))).choices[0]!.message.content!
    const stop = text.slice(20, 26)
    const [choice] = (await client.chat.completions.create(chat('Count.', { stop: [stop] }))).choices
    assert.deepEqual([choice!.finish_reason, choice!.message.content], ['stop', text.slice(0, text.indexOf(stop))])
  })

  it('has a tool called', async () => {
    const request = chat('How is the weather?', { tools: [weatherTool()], tool_choice: 'required', max_tokens: 500 })
    const { choices } = await client.chat.completions.create(request)
    assert.equal(choices[0]!.finish_reason, 'tool_calls')
    assertWeatherCall(choices[0]!.message)
  })

  it('has a tool called in a stream', async () => {
    const request = chat('How is the weather?', { tools: [weatherTool()], tool_choice: 'required', max_tokens: 500 })
    const { choices } = await client.chat.completions.stream(request).finalChatCompletion()
    assertWeatherCall(choices[0]!.message)
  })

  it('has an adapter served by a server that has it', async () => {
    const { data, response } = await client.chat.completions.create(chat('SELECT', { model: ADAPTER })).withResponse()
    assert.equal(data.model, ADAPTER)
    assert.equal(`http://${response.headers.get('x-headgate-endpoint')}`, fleet.servers.urls[0])
  })

  const prompts: readonly (readonly [name: string, prompt: OpenAI.CompletionCreateParams['prompt'], choices: number])[] = [
    ['a text', 'Once upon a time', 1],
    ['texts', ['Once upon a time', 'There was'], 2],
    ['token ids', [11, 22, 33], 1],
    ['lists of token ids', [[11, 22, 33], [44]], 2],
  ]
  for (const [name, prompt, choices] of prompts) {
    it(`completes ${name}, in a stream too`, async () => {
      const request = { model: MODEL, prompt, max_tokens: 12 }
      const whole = await client.completions.create(request)
      assert.equal(whole.choices.length, choices)
      assert.deepEqual(whole.choices, (await direct.completions.create(request)).choices)
      const texts = whole.choices.map(() => '')
      for await (const chunk of await client.completions.create({ ...request, stream: true })) {
        for (const { index, text } of chunk.choices) texts[index] += text
      }
      assert.deepEqual(
        texts,
        whole.choices.map(({ text }) => text),
      )
    })
  }

  it('embeds texts and token ids, in the encoding that the client prefers and as plain numbers', async () => {
    for (const input of ['a text', ['a text', 'another'], [1, 2, 3]]) {
      const request = { model: MODEL, input, dimensions: 16 }
      const { data } = await client.embeddings.create(request)
      assert.deepEqual([data.length, data[0]!.embedding.length], [input.length === 2 ? 2 : 1, 16])
      assert.deepEqual(data, (await direct.embeddings.create(request)).data)
      const plain = await client.embeddings.create({ ...request, encoding_format: 'float' })
      assert.deepEqual(plain.data, data)
    }
  })

  it('lists the models of all servers, adapters included, and finds each by its name', async () => {
    const listed: OpenAI.Model[] = []
    for await (const model of client.models.list()) listed.push(model)
    assert.deepEqual(
      listed.map(({ id }) => id),
      [ADAPTER, MODEL],
    )
    for (const model of listed) assert.deepEqual(await client.models.retrieve(model.id), model)
    await assert.rejects(client.models.retrieve('nobody/nothing'), NotFoundError)
  })
})

function weatherTool(): OpenAI.ChatCompletionFunctionTool {
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['celsius', 'fahrenheit'] } },
    required: ['city', 'days', 'unit'],
  }
  return { type: 'function', function: { name: 'get_weather', description: 'Weather to come', parameters } }
}

function assertWeatherCall(message: OpenAI.ChatCompletionMessage): void {
  const [call] = message.tool_calls!
  assert.ok(call?.type === 'function')
  assert.equal(call.function.name, 'get_weather')
  const { city, days, unit } = JSON.parse(call.function.arguments)
  assert.deepEqual([typeof city, typeof days, unit], ['string', 'number', 'celsius'])
}

function richMessages(): OpenAI.ChatCompletionMessageParam[] {
  return [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      name: 'ann',
      content: [
        { type: 'text', text: 'What is in this picture?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'a cat' },
  ]
}
