/** A metrics page as vLLM serves it, with the usual bulk of other series round those that are read. */

export interface VllmPageValues {
  readonly waiting?: number | string
  readonly running?: number | string
  readonly kvUsage?: number | string
  readonly blockSize?: number | string
  readonly numBlocks?: number | string
  readonly startedAt?: number
  readonly promptTokens?: number
  readonly active?: string
  readonly waitingAdapters?: string
}

export function toVllmPage(values: VllmPageValues = {}): string {
  const labels = '{engine="0",model_name="m"}'
  const lines = [
    '# HELP python_gc_objects_collected_total Objects collected during gc',
    '# TYPE python_gc_objects_collected_total counter',
    'python_gc_objects_collected_total{generation="0"} 1234.0',
    `process_start_time_seconds ${values.startedAt ?? 1000}`,
    '# TYPE vllm:num_requests_running gauge',
    `vllm:num_requests_running${labels} ${values.running ?? 0}`,
    `vllm:num_requests_waiting${labels} ${values.waiting ?? 0}`,
    `vllm:kv_cache_usage_perc${labels} ${values.kvUsage ?? 0}`,
    `vllm:prompt_tokens_total${labels} ${values.promptTokens ?? 100}`,
    `vllm:generation_tokens_total${labels} 5000.0`,
    `vllm:cache_config_info{block_size="${values.blockSize ?? 16}",cache_dtype="auto",num_gpu_blocks="${values.numBlocks ?? 1000}"} 1.0`,
    `vllm:lora_requests_info{max_lora="4",running_lora_adapters="${values.active ?? ''}",waiting_lora_adapters="${values.waitingAdapters ?? ''}"} 1.7636e+09`,
    ...['1.0', '2.0', '+Inf'].map((le) => `vllm:request_prompt_tokens_bucket{engine="0",le="${le}",model_name="m"} 4321.0`),
  ]
  return `${lines.join('\n')}\n`
}
