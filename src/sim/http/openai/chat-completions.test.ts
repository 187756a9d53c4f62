import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type OpenAI from 'openai'
import { post, postForEvents, postJson, startQuick } from '#/sim/http/test-client.ts'

type Chat = OpenAI.ChatCompletion
type Chunk = OpenAI.ChatCompletionChunk

const PATH = '/v1/chat/completions'
const HELLO = { model: 'base-model', messages: [{ role: 'user', content: 'Hello' }] }

async function stream(url: string, body: unknown): Promise<Chunk[]> {
  const events = await postForEvents(url, body)
  assert.equal(events.pop()?.data, '[DONE]')
  return events.map(({ data }): Chunk => JSON.parse(data))
}

describe('POST /v1/chat/completions', () => {
  it('answers with text, a reason and usage', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const answer = await postJson<Chat>(url + PATH, { ...HELLO, max_tokens: 5, ignore_eos: true })
    const [choice] = answer.choices
    assert.equal(choice?.message.content?.length, 20)
    assert.deepEqual(
      [answer.object, answer.model, choice?.finish_reason, choice?.message.role],
      ['chat.completion', 'base-model', 'length', 'assistant'],
    )
    assert.match(answer.id, /^chatcmpl-[0-9a-f]{32}$/)
    // 3 tokens of role, 2 of content, 2 of end, 4 of the answer's role.
    assert.deepEqual(answer.usage, {
      prompt_tokens: 11,
      completion_tokens: 5,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 0 },
    })
  })

  it('streams the same answer, its usage last if asked for', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const body = { ...HELLO, max_completion_tokens: 5, ignore_eos: true }
    const whole = await postJson<Chat>(url + PATH, body)
    const chunks = await stream(url + PATH, { ...body, stream: true, stream_options: { include_usage: true } })
    assert.deepEqual(chunks[0]?.choices[0]?.delta, { role: 'assistant', content: '' })
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), whole.choices[0]?.message.content)
    assert.equal(chunks.length, 1 + 5 + 1 + 1)
    assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, 'length')
    assert.deepEqual(chunks.at(-1)?.choices, [])
    assert.deepEqual(chunks.at(-1)?.usage, whole.usage)
    const without = await stream(url + PATH, { ...body, stream: true })
    assert.ok(without.every((chunk) => chunk.choices.length === 1 && chunk.usage === undefined))
  })

  it('finds an earlier turn, its answer included, in the prefix cache', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const user = { role: 'user', content: 'Tell me a story. '.repeat(20) }
    const first = await postJson<Chat>(url + PATH, { ...HELLO, messages: [user], max_tokens: 64, ignore_eos: true })
    const second = await postJson<Chat>(url + PATH, {
      ...HELLO,
      messages: [user, first.choices[0]?.message, { role: 'user', content: 'Go on' }],
      max_tokens: 1,
    })
    const before = first.usage!.prompt_tokens + 63
    assert.equal(second.usage?.prompt_tokens_details?.cached_tokens, before - (before % 16))
  })

  it('gives n choices, all different, over one prompt', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const body = { ...HELLO, n: 3, max_tokens: 4, ignore_eos: true }
    const answer = await postJson<Chat>(url + PATH, body)
    assert.deepEqual(
      answer.choices.map(({ index }) => index),
      [0, 1, 2],
    )
    assert.equal(new Set(answer.choices.map(({ message }) => message.content)).size, 3)
    assert.deepEqual([answer.usage?.prompt_tokens, answer.usage?.completion_tokens], [11, 12])
    const chunks = await stream(url + PATH, { ...body, stream: true })
    for (const { index, message } of answer.choices) {
      const own = chunks.filter((chunk) => chunk.choices[0]?.index === index)
      assert.equal(own.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), message.content)
    }
  })

  it('cuts at a stop text, streamed or not', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const body = { ...HELLO, max_tokens: 20, ignore_eos: true }
    const whole = (await postJson<Chat>(url + PATH, body)).choices[0]!.message.content!
    const stop = whole.slice(30, 33)
    const cut = await postJson<Chat>(url + PATH, { ...body, stop })
    assert.deepEqual([cut.choices[0]?.message.content, cut.choices[0]?.finish_reason], [whole.slice(0, whole.indexOf(stop)), 'stop'])
    const chunks = await stream(url + PATH, { ...body, stop: [stop], stream: true })
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), cut.choices[0]?.message.content)
  })

  it('needs room for one token of answer', async () => {
    await using simulators = await startQuick()
    const chat = (contentTokens: number): object => ({ messages: [{ role: 'user', content: 'x'.repeat(contentTokens * 4) }] })
    const longest = await postJson<Chat>(simulators.urls[0] + PATH, chat(1023 - 9))
    assert.deepEqual([longest.usage?.prompt_tokens, longest.usage?.completion_tokens], [1023, 1])
    assert.equal((await post(simulators.urls[0] + PATH, chat(1024 - 9))).status, 400)
  })

  it('draws a length of its own without a limit, within the context', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const lengths = new Set<number>()
    for (const content of ['a', 'b', 'c', 'd']) {
      const { usage } = await postJson<Chat>(url + PATH, { messages: [{ role: 'user', content }] })
      assert.ok(usage!.total_tokens <= 1024)
      lengths.add(usage!.completion_tokens)
    }
    assert.ok(lengths.size > 1)
  })

  it('calls the tool that the request insists on', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const tools = ['first', 'second'].map((name) => ({
      type: 'function',
      function: { name, parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } } },
    }))
    const required = await postJson<Chat>(url + PATH, { ...HELLO, tools, tool_choice: 'required' })
    const call = required.choices[0]?.message.tool_calls?.[0]
    assert.ok(call?.type === 'function')
    assert.equal(call.function.name, 'first')
    assert.equal(typeof JSON.parse(call.function.arguments).city, 'string')
    assert.deepEqual([required.choices[0]?.finish_reason, required.choices[0]?.message.content], ['tool_calls', null])

    const named = { ...HELLO, tools, tool_choice: { type: 'function', function: { name: 'second' } } }
    const chunks = await stream(url + PATH, { ...named, stream: true })
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
    assert.deepEqual([deltas[0]?.function?.name, deltas[0]?.type], ['second', 'function'])
    assert.deepEqual(Object.keys(JSON.parse(deltas.map((delta) => delta.function?.arguments ?? '').join(''))), ['city'])
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'tool_calls')

    const auto = await postJson<Chat>(url + PATH, { ...HELLO, tools, tool_choice: 'auto', max_tokens: 1 })
    assert.equal(typeof auto.choices[0]?.message.content, 'string')
    assert.equal((await post(url + PATH, { ...named, tools: [] })).status, 400)
  })

  it("takes the client's request id into the answer's", async () => {
    await using simulators = await startQuick()
    const response = await post(simulators.urls[0] + PATH, { ...HELLO, max_tokens: 1 }, { 'x-request-id': 'abc' })
    assert.match(await response.text(), /"id":"chatcmpl-abc"/)
  })

  it('refuses in the shape of vLLM', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const cases: readonly (readonly [body: unknown, status: number, type: string, param: string | null, message: RegExp])[] = [
      [{ ...HELLO, model: 'other' }, 404, 'NotFoundError', 'model', /^The model `other` does not exist\.$/],
      [{ ...HELLO, max_tokens: 1020 }, 400, 'BadRequestError', 'max_tokens', /maximum context length is 1024 tokens/],
      [{ ...HELLO, messages: [{ role: 'user', content: 'x'.repeat(4096) }] }, 400, 'BadRequestError', null, /maximum context length/],
      [{ model: 'base-model' }, 400, 'BadRequestError', 'messages', /`messages` is required/],
      [{ ...HELLO, messages: [{ content: 'x' }] }, 400, 'BadRequestError', 'role', /`role` is required/],
      [{ ...HELLO, max_tokens: 0 }, 400, 'BadRequestError', 'max_tokens', /whole number from 1/],
      [{ ...HELLO, n: 129 }, 400, 'BadRequestError', 'n', /from 1 to 128/],
      [{ ...HELLO, stream: 'yes' }, 400, 'BadRequestError', 'stream', /boolean/],
      ['{"model": ', 400, 'BadRequestError', null, /not JSON/],
      ['[]', 400, 'BadRequestError', null, /not a JSON object/],
    ]
    for (const [body, status, type, param, message] of cases) {
      const response = await post(url + PATH, body)
      const { error } = JSON.parse(await response.text())
      assert.deepEqual(
        [response.status, error.type, error.param, error.code],
        [status, type, param, status],
        JSON.stringify(body).slice(0, 80),
      )
      assert.match(error.message, message)
    }
    assert.equal((await post(url + PATH, HELLO, { 'content-type': 'text/plain' })).status, 415)
    const invalidUtf8 = Buffer.from('{"messages":[{"role":"user","content":"\xff"}]}', 'latin1')
    assert.equal(
      (await fetch(url + PATH, { method: 'POST', headers: { 'content-type': 'application/json' }, body: invalidUtf8 })).status,
      400,
    )
    assert.equal(simulators.replicas[0]?.engine.counters.steps, 0)
  })
})
