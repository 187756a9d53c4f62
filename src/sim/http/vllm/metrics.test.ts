import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { post, postJson, QUICK_ENGINE, startQuick, STUCK_ENGINE, until } from '#/sim/http/test-client.ts'

async function scrape(url: string | undefined): Promise<string[]> {
  const response = await fetch(`${url}/metrics`)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return (await response.text()).split('\n')
}

const LABELS = '{engine="0",model_name="base-model"}'

describe('GET /metrics', () => {
  it('shows the load of this moment, adapters included', async () => {
    await using simulators = await startQuick({
      engine: { ...STUCK_ENGINE, maxNumSeqs: 2, maxLoras: 1 },
      adapters: ['sql-adapter', 'chat-adapter'],
    })
    const [url] = simulators.urls
    const { engine } = simulators.replicas[0]!
    const leave = new AbortController()
    const answers: Promise<unknown>[] = []
    for (const [i, model] of ['sql-adapter', 'base-model', 'chat-adapter'].entries()) {
      answers.push(
        post(`${url}/v1/completions`, { model, prompt: 'x'.repeat(64 * 3), max_tokens: 100 }, {}, leave.signal).catch(() => undefined),
      )
      await until(() => engine.runningCount + engine.waitingCount === i + 1)
    }
    const page = await scrape(url)
    // The first step began with the first request alone; the others wait for the next one.
    assert.ok(page.includes(`vllm:num_requests_running${LABELS} 1.0`))
    assert.ok(page.includes(`vllm:num_requests_waiting${LABELS} 2.0`))
    assert.ok(page.includes(`vllm:kv_cache_usage_perc${LABELS} ${3 / 256}`))
    const adapters = page.filter((line) => line.startsWith('vllm:lora_requests_info{'))
    assert.equal(adapters.length, 1)
    assert.match(
      adapters[0]!,
      /^vllm:lora_requests_info\{max_lora="1",running_lora_adapters="sql-adapter",waiting_lora_adapters="chat-adapter"\} [\d.]+e\+09$/,
    )
    leave.abort()
    await Promise.all(answers)
    await until(() => engine.runningCount + engine.waitingCount === 0)

    const later = (await scrape(url)).filter((line) => line.startsWith('vllm:lora_requests_info{'))
    const newest = later.toSorted((a, b) => Number(b.split(' ')[1]) - Number(a.split(' ')[1]))[0]
    assert.equal(later.length, 2)
    assert.match(newest!, /running_lora_adapters="",waiting_lora_adapters=""/)
  })

  it('counts tokens, hits, ends and times', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const body = { prompt: 'x'.repeat(64 * 4), max_tokens: 5, ignore_eos: true }
    for (let i = 0; i < 2; i++) await postJson(`${url}/v1/completions`, body)
    const page = await scrape(url)
    for (const line of [
      `vllm:prompt_tokens_total${LABELS} 128.0`,
      `vllm:generation_tokens_total${LABELS} 10.0`,
      `vllm:prefix_cache_queries_total${LABELS} 128.0`,
      `vllm:prefix_cache_hits_total${LABELS} 48.0`,
      `vllm:num_preemptions_total${LABELS} 0.0`,
      'vllm:request_success_total{engine="0",finished_reason="length",model_name="base-model"} 2.0',
      'vllm:request_success_total{engine="0",finished_reason="stop",model_name="base-model"} 0.0',
      'vllm:request_success_total{engine="0",finished_reason="abort",model_name="base-model"} 0.0',
      `vllm:time_to_first_token_seconds_count${LABELS} 2.0`,
      `vllm:inter_token_latency_seconds_count${LABELS} 8.0`,
      'vllm:e2e_request_latency_seconds_bucket{engine="0",le="+Inf",model_name="base-model"} 2.0',
      `vllm:request_queue_time_seconds_count${LABELS} 2.0`,
      'vllm:request_prompt_tokens_bucket{engine="0",le="50.0",model_name="base-model"} 0.0',
      'vllm:request_prompt_tokens_bucket{engine="0",le="100.0",model_name="base-model"} 2.0',
      'vllm:request_prompt_tokens_bucket{engine="0",le="1000.0",model_name="base-model"} 2.0',
      `vllm:request_generation_tokens_sum${LABELS} 10.0`,
    ]) {
      assert.ok(page.includes(line), line)
    }
  })

  it('names the cache and the start of the process', async () => {
    await using simulators = await startQuick()
    const page = await scrape(simulators.urls[0])
    const cache = page.find((line) => line.startsWith('vllm:cache_config_info{'))
    assert.match(cache!, /block_size="16",.*num_gpu_blocks="256",.*\} 1\.0$/)
    const startedAt = Number(page.find((line) => line.startsWith('process_start_time_seconds '))?.split(' ')[1])
    assert.ok(startedAt > 1.7e9)
    assert.ok(startedAt <= Date.now() / 1000)
  })

  it('says nothing of adapters on an engine that takes none', async () => {
    await using simulators = await startQuick({ engine: { ...QUICK_ENGINE, maxLoras: 0 }, adapters: [] })
    assert.ok((await scrape(simulators.urls[0])).every((line) => !line.includes('lora')))
  })
})
