import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type OpenAI from 'openai'
import { post, postForEvents, postJson, startQuick } from '#/sim/http/test-client.ts'

type Completion = OpenAI.Completion

const PATH = '/v1/completions'

describe('POST /v1/completions', () => {
  it('generates 16 tokens unless told otherwise', async () => {
    await using simulators = await startQuick()
    const answer = await postJson<Completion>(simulators.urls[0] + PATH, {
      model: 'base-model',
      prompt: 'Once upon a time',
      ignore_eos: true,
    })
    assert.deepEqual([answer.object, answer.choices[0]?.text.length, answer.choices[0]?.finish_reason], ['text_completion', 64, 'length'])
    assert.deepEqual(answer.usage, {
      prompt_tokens: 4,
      completion_tokens: 16,
      total_tokens: 20,
      prompt_tokens_details: { cached_tokens: 0 },
    })
  })

  it('takes texts, token ids and lists of them', async () => {
    await using simulators = await startQuick()
    const url = simulators.urls[0] + PATH
    const limits = { max_tokens: 2, ignore_eos: true }
    const ids = await postJson<Completion>(url, { prompt: [1, 2, 3], ...limits })
    assert.deepEqual([ids.usage?.prompt_tokens, ids.choices.length], [3, 1])
    const lists = await postJson<Completion>(url, {
      prompt: [
        [1, 2, 3],
        [4, 5],
      ],
      n: 2,
      ...limits,
    })
    assert.deepEqual([lists.usage?.prompt_tokens, lists.usage?.completion_tokens], [5, 8])
    assert.deepEqual(
      lists.choices.map(({ index }) => index),
      [0, 1, 2, 3],
    )
    assert.equal(lists.choices[0]?.text, ids.choices[0]?.text)
    const texts = await postJson<Completion>(url, { prompt: ['abcd', 'efgh'], ...limits })
    assert.notEqual(texts.choices[0]?.text, texts.choices[1]?.text)
  })

  it('streams the same text, its usage last if asked for', async () => {
    await using simulators = await startQuick()
    const url = simulators.urls[0] + PATH
    const body = { prompt: ['abcd', 'efgh'], max_tokens: 3, ignore_eos: true }
    const whole = await postJson<Completion>(url, body)
    const events = await postForEvents(url, { ...body, stream: true, stream_options: { include_usage: true } })
    assert.equal(events.pop()?.data, '[DONE]')
    const chunks = events.map(({ data }): Completion => JSON.parse(data))
    assert.deepEqual(chunks.pop()?.usage, whole.usage)
    for (const { index, text } of whole.choices) {
      const own = chunks.map(({ choices }) => choices[0]!).filter((choice) => choice.index === index)
      assert.equal(own.map((choice) => choice.text).join(''), text)
      assert.equal(own.at(-1)?.finish_reason, 'length')
    }
  })

  it('gives the same answer on every replica with the same seed, and another one with another', async () => {
    await using simulators = await startQuick({ replicas: 2 })
    await using others = await startQuick({ seed: 2 })
    const body = { prompt: 'abcd', max_tokens: 8, ignore_eos: true }
    const texts: (string | undefined)[] = []
    for (const url of [...simulators.urls, ...others.urls]) texts.push((await postJson<Completion>(url + PATH, body)).choices[0]?.text)
    assert.equal(texts[0], texts[1])
    assert.notEqual(texts[0], texts[2])
  })

  it('refuses what is no prompt', async () => {
    await using simulators = await startQuick()
    for (const prompt of [undefined, null, '', [], 5, [1, 'a'], [-1], [[]], { a: 1 }]) {
      const response = await post(simulators.urls[0] + PATH, { prompt })
      assert.equal(response.status, 400, JSON.stringify(prompt))
      await response.text()
    }
  })
})
