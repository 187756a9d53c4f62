/** vLLM. Names: https://docs.vllm.ai/en/latest/usage/metrics/ and the Gateway API Inference Extension's model server protocol. */
import type { EngineMapping } from '#/fleet/scrape/engine-mapping.ts'
import { cacheBlockSize, cacheNumBlocks, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'

export const vllm: EngineMapping = {
  engine: 'vllm',
  columns: [
    { column: waitingQueueSize, series: 'vllm:num_requests_waiting', combine: 'sum' },
    { column: runningRequestsSize, series: 'vllm:num_requests_running', combine: 'sum' },
    { column: kvCacheUtilization, series: 'vllm:kv_cache_usage_perc', combine: 'max', atMost: 1 },
    // The name before vLLM 0.10.
    { column: kvCacheUtilization, series: 'vllm:gpu_cache_usage_perc', combine: 'max', atMost: 1 },
    { column: cacheBlockSize, series: 'vllm:cache_config_info', fromLabel: 'block_size', combine: 'max' },
    { column: cacheNumBlocks, series: 'vllm:cache_config_info', fromLabel: 'num_gpu_blocks', combine: 'sum' },
  ],
  adapters: {
    series: 'vllm:lora_requests_info',
    activeLabel: 'running_lora_adapters',
    waitingLabel: 'waiting_lora_adapters',
    maxActiveLabel: 'max_lora',
  },
  restart: [
    { series: 'process_start_time_seconds', restartedWhen: 'it changes' },
    { series: 'vllm:prompt_tokens_total', restartedWhen: 'it falls' },
    { series: 'vllm:generation_tokens_total', restartedWhen: 'it falls' },
  ],
}
