import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { post, postJson, QUICK_ENGINE, startQuick } from '#/sim/http/test-client.ts'

describe('runtime LoRA loading', () => {
  it('makes an adapter a model, and takes it away again', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const body = { model: 'new', prompt: 'abcd', max_tokens: 1 }
    const status = async (path: string, content: unknown): Promise<number> => (await post(url + path, content)).status
    assert.equal(await status('/v1/completions', body), 404)
    const loaded = await post(`${url}/v1/load_lora_adapter`, { lora_name: 'new', lora_path: '/somewhere' })
    assert.deepEqual([loaded.status, await loaded.text()], [200, "Success: LoRA adapter 'new' added successfully."])
    assert.equal((await postJson<{ model: string }>(`${url}/v1/completions`, body)).model, 'new')
    assert.equal(await status('/v1/load_lora_adapter', { lora_name: 'new', lora_path: '/somewhere' }), 400)
    assert.equal(await status('/v1/load_lora_adapter', { lora_name: 'base-model', lora_path: '/somewhere' }), 400)
    assert.equal(await status('/v1/unload_lora_adapter', { lora_name: 'new' }), 200)
    assert.equal(await status('/v1/unload_lora_adapter', { lora_name: 'new' }), 404)
    assert.equal(await status('/v1/completions', body), 404)
  })

  it('needs a name and a path, and an engine with slots', async () => {
    await using simulators = await startQuick()
    await using without = await startQuick({ engine: { ...QUICK_ENGINE, maxLoras: 0 }, adapters: [] })
    assert.equal((await post(`${simulators.urls[0]}/v1/load_lora_adapter`, { lora_name: 'x' })).status, 400)
    assert.equal((await post(`${simulators.urls[0]}/v1/load_lora_adapter`, { lora_name: '', lora_path: '/x' })).status, 400)
    assert.equal((await post(`${without.urls[0]}/v1/load_lora_adapter`, { lora_name: 'x', lora_path: '/x' })).status, 400)
  })

  it("keeps the cache of an adapter apart from the base model's", async () => {
    await using simulators = await startQuick()
    const prompt = 'x'.repeat(64 * 3)
    const cached: number[] = []
    for (const model of ['base-model', 'sql-adapter', 'sql-adapter']) {
      const { usage } = await postJson<{ usage: { prompt_tokens_details: { cached_tokens: number } } }>(
        `${simulators.urls[0]}/v1/completions`,
        {
          model,
          prompt,
          max_tokens: 1,
        },
      )
      cached.push(usage.prompt_tokens_details.cached_tokens)
    }
    assert.deepEqual(cached, [0, 0, 32])
  })
})
