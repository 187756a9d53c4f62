/** GET /metrics with the names and labels of vLLM's V1 engine. */
import type { Histogram } from '#/sim/http/histogram.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import type { Replica } from '#/sim/http/replica.ts'
import type { Route } from '#/sim/http/route.ts'
import { Exposition } from '#/sim/http/vllm/exposition.ts'

export const metrics: Route = {
  method: 'GET',
  path: '/metrics',
  kind: 'metrics',
  errorBody: openAiErrorBody,
  handle(exchange, replica) {
    exchange.send(200, 'text/plain; version=0.0.4; charset=utf-8', metricsPage(replica))
  },
}

function metricsPage(replica: Replica): string {
  const { engine, stats, models } = replica
  const labels = { engine: '0', model_name: models.baseName }
  const { promptTokens, generationTokens, prefixQueryTokens, prefixHitTokens, preemptions } = engine.counters
  const page = new Exposition()

  page.gauge('process_start_time_seconds', 'When the process started, in seconds since the epoch.', {}, replica.startedAtWallMs / 1000)
  page.gauge('vllm:num_requests_running', 'Requests in the running set.', labels, engine.runningCount)
  page.gauge('vllm:num_requests_waiting', 'Requests that wait to be computed.', labels, engine.waitingCount)
  page.gauge('vllm:kv_cache_usage_perc', 'Share of the KV cache in use, 0 to 1.', labels, engine.usedBlocks / engine.config.numBlocks)
  page.counter('vllm:prefix_cache_queries_total', 'Tokens looked up in the prefix cache.', labels, prefixQueryTokens)
  page.counter('vllm:prefix_cache_hits_total', 'Tokens found in the prefix cache.', labels, prefixHitTokens)
  page.counter('vllm:num_preemptions_total', 'Requests taken out of the running set for lack of KV blocks.', labels, preemptions)
  page.counter('vllm:prompt_tokens_total', 'Prompt tokens processed.', labels, promptTokens)
  page.counter('vllm:generation_tokens_total', 'Tokens generated.', labels, generationTokens)

  page.family('vllm:request_success_total', 'counter', 'Requests that ended, by reason.')
  for (const [reason, count] of Object.entries(stats.finished)) {
    page.sample('vllm:request_success_total', { ...labels, finished_reason: reason }, count)
  }

  writeConfiguration(page, replica)

  const histograms: readonly (readonly [name: string, help: string, histogram: Histogram])[] = [
    ['request_prompt_tokens', 'Prompt tokens of a request.', stats.promptTokens],
    ['request_generation_tokens', 'Tokens generated for a request.', stats.generationTokens],
    ['time_to_first_token_seconds', 'Time from arrival to the first token.', stats.timeToFirstTokenSeconds],
    ['inter_token_latency_seconds', 'Time from one token to the next.', stats.interTokenLatencySeconds],
    ['e2e_request_latency_seconds', 'Time from arrival to the last token.', stats.endToEndSeconds],
    ['request_queue_time_seconds', 'Time in the waiting queue.', stats.queueSeconds],
  ]
  for (const [name, help, histogram] of histograms) page.histogram(`vllm:${name}`, help, labels, histogram)
  return page.text()
}

function writeConfiguration(page: Exposition, { engine, adapterSeries, clock }: Replica): void {
  const { blockSize, numBlocks, maxLoras } = engine.config
  page.gauge(
    'vllm:cache_config_info',
    'Configuration of the KV cache.',
    {
      engine: '0',
      block_size: String(blockSize),
      cache_dtype: 'auto',
      enable_prefix_caching: 'True',
      gpu_memory_utilization: '0.9',
      num_cpu_blocks: 'None',
      num_gpu_blocks: String(numBlocks),
      num_gpu_blocks_override: 'None',
      prefix_caching_hash_algo: 'sha256',
      sliding_window: 'None',
    },
    1,
  )
  if (maxLoras === 0) return
  page.family('vllm:lora_requests_info', 'gauge', 'Adapters of running and waiting requests; the value is the time of the report.')
  for (const { running, waiting, atSeconds } of adapterSeries.report(
    engine.runningAdapters(),
    engine.waitingAdapters(),
    clock.wallMs() / 1000,
  )) {
    page.sample(
      'vllm:lora_requests_info',
      { max_lora: String(maxLoras), running_lora_adapters: running, waiting_lora_adapters: waiting },
      atSeconds,
    )
  }
}
