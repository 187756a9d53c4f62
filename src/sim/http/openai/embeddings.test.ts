import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type OpenAI from 'openai'
import { post, postJson, startQuick } from '#/sim/http/test-client.ts'

type Embeddings = OpenAI.CreateEmbeddingResponse

const PATH = '/v1/embeddings'

describe('POST /v1/embeddings', () => {
  it('gives each input a vector of unit length, the same for the same text', async () => {
    await using simulators = await startQuick()
    const answer = await postJson<Embeddings>(simulators.urls[0] + PATH, {
      model: 'base-model',
      input: ['abcd', 'efghi', 'abcd'],
      dimensions: 8,
    })
    const [first, second, third] = answer.data.map(({ embedding }) => embedding)
    assert.deepEqual([first?.length, answer.usage.prompt_tokens, answer.usage.total_tokens], [8, 4, 4])
    assert.ok(Math.abs(Math.hypot(...first!) - 1) < 1e-6)
    assert.deepEqual(first, third)
    assert.notDeepEqual(first, second)
    assert.equal(simulators.replicas[0]?.engine.counters.generationTokens, 0)
  })

  it('encodes them as base64 on demand, as the official clients want it', async () => {
    await using simulators = await startQuick()
    const body = { input: [1, 2, 3] }
    const plain = await postJson<Embeddings>(simulators.urls[0] + PATH, body)
    const { data } = await postJson<{ data: { embedding: string }[] }>(simulators.urls[0] + PATH, { ...body, encoding_format: 'base64' })
    const bytes = Buffer.from(data[0]!.embedding, 'base64')
    assert.deepEqual(
      plain.data[0]?.embedding.map((_, i) => bytes.readFloatLE(i * 4)),
      plain.data[0]?.embedding,
    )
    assert.equal((await post(simulators.urls[0] + PATH, { ...body, encoding_format: 'hex' })).status, 400)
  })

  it('takes a prompt as long as the context, and no longer', async () => {
    await using simulators = await startQuick()
    await postJson<Embeddings>(simulators.urls[0] + PATH, { input: 'x'.repeat(4096) })
    assert.equal((await post(simulators.urls[0] + PATH, { input: 'x'.repeat(4097) })).status, 400)
  })
})
