/** A metrics page with the families, labels and size (about 29 KB) of a vLLM server's, for the backend that the benchmarks scrape. */

const MODEL = 'bench-model'
const LABELS = `engine="0",model_name="${MODEL}"`
const TOKEN_BOUNDS = [
  '1.0',
  '2.0',
  '5.0',
  '10.0',
  '20.0',
  '50.0',
  '100.0',
  '200.0',
  '500.0',
  '1000.0',
  '2000.0',
  '5000.0',
  '10000.0',
  '20000.0',
  '50000.0',
  '100000.0',
  '+Inf',
]
const TIME_BOUNDS = [
  '0.001',
  '0.005',
  '0.01',
  '0.02',
  '0.04',
  '0.06',
  '0.08',
  '0.1',
  '0.25',
  '0.5',
  '0.75',
  '1.0',
  '2.5',
  '5.0',
  '7.5',
  '10.0',
  '20.0',
  '40.0',
  '80.0',
  '160.0',
  '640.0',
  '2560.0',
  '+Inf',
]
const HISTOGRAMS: readonly (readonly [string, readonly string[]])[] = [
  ['vllm:request_prompt_tokens', TOKEN_BOUNDS],
  ['vllm:request_generation_tokens', TOKEN_BOUNDS],
  ['vllm:request_max_num_generation_tokens', TOKEN_BOUNDS],
  ['vllm:request_params_max_tokens', TOKEN_BOUNDS],
  ['vllm:iteration_tokens_total', TOKEN_BOUNDS],
  ['vllm:time_to_first_token_seconds', TIME_BOUNDS],
  ['vllm:inter_token_latency_seconds', TIME_BOUNDS],
  ['vllm:e2e_request_latency_seconds', TIME_BOUNDS],
  ['vllm:request_queue_time_seconds', TIME_BOUNDS],
  ['vllm:request_inference_time_seconds', TIME_BOUNDS],
  ['vllm:request_prefill_time_seconds', TIME_BOUNDS],
  ['vllm:request_decode_time_seconds', TIME_BOUNDS],
]
const COUNTERS = [
  'vllm:prefix_cache_queries_total',
  'vllm:prefix_cache_hits_total',
  'vllm:num_preemptions_total',
  'vllm:prompt_tokens_total',
  'vllm:generation_tokens_total',
]

/** The page around the one number that changes: it goes between the two parts. */
export interface MetricsPage {
  readonly beforeRunning: string
  readonly afterRunning: string
}

export function createMetricsPage(): MetricsPage {
  const before = [...family('process_resident_memory_bytes', 'gauge', ['process_resident_memory_bytes 1.6589934592e+10'])]
  before.push(...family('vllm:num_requests_running', 'gauge', [`vllm:num_requests_running{${LABELS}} `]))
  const after = [
    ...family('vllm:num_requests_waiting', 'gauge', [`vllm:num_requests_waiting{${LABELS}} 0.0`]),
    ...family('vllm:kv_cache_usage_perc', 'gauge', [`vllm:kv_cache_usage_perc{${LABELS}} 0.0437`]),
    ...family('vllm:lora_requests_info', 'gauge', [
      'vllm:lora_requests_info{max_lora="4",running_lora_adapters="",waiting_lora_adapters=""} 1.7636e+09',
    ]),
    ...family('vllm:cache_config_info', 'gauge', [
      'vllm:cache_config_info{block_size="16",cache_dtype="auto",enable_prefix_caching="True",engine="0",gpu_memory_utilization="0.9",num_cpu_blocks="None",num_gpu_blocks="31250",prefix_caching_hash_algo="sha256",sliding_window="None",swap_space="4.0"} 1.0',
    ]),
    ...COUNTERS.flatMap((name) => family(name, 'counter', [`${name}{${LABELS}} 3.456789e+06`])),
    ...family(
      'vllm:request_success_total',
      'counter',
      ['stop', 'length', 'abort'].map((reason) => `vllm:request_success_total{finished_reason="${reason}",${LABELS}} 4321.0`),
    ),
    ...HISTOGRAMS.flatMap(([name, bounds]) => family(name, 'histogram', histogram(name, bounds))),
  ]
  return { beforeRunning: before.join('\n'), afterRunning: `.0\n${after.join('\n')}\n` }
}

function family(name: string, type: string, samples: readonly string[]): string[] {
  return [`# HELP ${name} Benchmark stand-in for the engine's metric of this name.`, `# TYPE ${name} ${type}`, ...samples]
}

function histogram(name: string, bounds: readonly string[]): string[] {
  return [
    ...bounds.map((bound, index) => `${name}_bucket{${LABELS},le="${bound}"} ${(index + 1) * 321}.0`),
    `${name}_count{${LABELS}} ${bounds.length * 321}.0`,
    `${name}_sum{${LABELS}} 12345.678901`,
  ]
}
