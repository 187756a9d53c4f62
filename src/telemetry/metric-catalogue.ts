/**
 * Every metric that Headgate exports: name, kind, labels, buckets, help. `docs/reference/metrics.md` is generated from this table.
 * Names with `llm_d_epp_` are the reference endpoint picker's, with its labels and buckets, so that its dashboards keep working.
 */

export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

/** The labels of everything that is counted per request. */
const REQUEST_LABELS: readonly string[] = ['model_name', 'target_model_name', 'fairness_id', 'priority']

const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600,
  900, 1200, 1800, 2700, 3600,
]
const TTFT_BUCKETS: readonly number[] = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 120,
]
const TPOT_BUCKETS: readonly number[] = [
  0.0005, 0.00205, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2,
]
const ITL_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2,
]
const STEP_BUCKETS: readonly number[] = [0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]

function powersOfTwo(from: number, to: number): number[] {
  const buckets: number[] = []
  for (let value = from; value <= to; value *= 2) buckets.push(value)
  return buckets
}

export const METRICS: {
  readonly [
    name in
      | 'requestTotal'
      | 'requestErrorTotal'
      | 'requestDuration'
      | 'requestSize'
      | 'responseSize'
      | 'inputTokens'
      | 'cachedTokens'
      | 'outputTokens'
      | 'ntpot'
      | 'ttft'
      | 'tpot'
      | 'itl'
      | 'requestRunning'
      | 'schedulerDuration'
      | 'schedulerAttempts'
      | 'averageKvCache'
      | 'averageQueue'
      | 'averageRunning'
      | 'stdDevKvCache'
      | 'stdDevQueue'
      | 'stdDevRunning'
      | 'readyEndpoints'
      | 'endpointQueue'
      | 'info'
      | 'prefixHitRatio'
      | 'prefixHitBytes'
      | 'prefixIndexSize'
      | 'pollErrors'
      | 'prefixIndexBytes'
      | 'endpointRequests'
      | 'endpointTokens'
      | 'scrapeDuration'
      | 'pluginMisbehaved'
      | 'loopDelay'
      | 'residentMemory'
      | 'cpuSeconds'
  ]: MetricDefinition
} = {
  requestTotal: { kind: 'counter', name: 'llm_d_epp_request_total', labels: REQUEST_LABELS, help: 'Inference requests that were routed.' },
  requestErrorTotal: {
    kind: 'counter',
    name: 'llm_d_epp_request_error_total',
    labels: [...REQUEST_LABELS, 'error_code'],
    help: 'Inference requests that ended in an error: the code of the error table, http_<status> of the endpoint, or how its answer ended: upstream_failed, timeout, client_gone, evicted, unknown_end.',
  },
  requestDuration: {
    kind: 'histogram',
    name: 'llm_d_epp_request_duration_seconds',
    labels: REQUEST_LABELS,
    buckets: DURATION_BUCKETS,
    help: 'From the complete request head to the last byte of the answer.',
  },
  requestSize: {
    kind: 'histogram',
    name: 'llm_d_epp_request_size_bytes',
    labels: REQUEST_LABELS,
    buckets: powersOfTwo(64, 1024 ** 3),
    help: 'Bytes of the request body.',
  },
  responseSize: {
    kind: 'histogram',
    name: 'llm_d_epp_response_size_bytes',
    labels: REQUEST_LABELS,
    buckets: [1, ...powersOfTwo(8, 65_536)],
    help: 'Bytes of the body of successful answers.',
  },
  inputTokens: {
    kind: 'histogram',
    name: 'llm_d_epp_request_input_tokens',
    labels: REQUEST_LABELS,
    buckets: [1, ...powersOfTwo(8, 1_048_576)],
    help: 'Prompt tokens as the engine reported them.',
  },
  cachedTokens: {
    kind: 'histogram',
    name: 'llm_d_epp_request_cached_tokens',
    labels: REQUEST_LABELS,
    buckets: [1, ...powersOfTwo(8, 1_048_576)],
    help: 'Prompt tokens that the engine found in its prefix cache, as it reported them.',
  },
  outputTokens: {
    kind: 'histogram',
    name: 'llm_d_epp_request_output_tokens',
    labels: REQUEST_LABELS,
    buckets: [1, ...powersOfTwo(8, 8192)],
    help: 'Generated tokens as the engine reported them.',
  },
  ntpot: {
    kind: 'histogram',
    name: 'llm_d_epp_request_ntpot_seconds',
    labels: REQUEST_LABELS,
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    help: 'Request duration divided by generated tokens.',
  },
  ttft: {
    kind: 'histogram',
    name: 'llm_d_epp_request_ttft_seconds',
    labels: [...REQUEST_LABELS, 'streaming'],
    buckets: TTFT_BUCKETS,
    help: 'From the complete request head to the first byte of the answer body.',
  },
  tpot: {
    kind: 'histogram',
    name: 'llm_d_epp_request_streaming_tpot_seconds',
    labels: REQUEST_LABELS,
    buckets: TPOT_BUCKETS,
    help: 'Streams: time from the first to the last byte, divided by generated tokens less one.',
  },
  itl: {
    kind: 'histogram',
    name: 'llm_d_epp_request_streaming_itl_seconds',
    labels: REQUEST_LABELS,
    buckets: ITL_BUCKETS,
    help: 'Streams: time between two chunks of the answer.',
  },
  requestRunning: { kind: 'gauge', name: 'llm_d_epp_request_running', labels: REQUEST_LABELS, help: 'Inference requests in flight.' },
  schedulerDuration: {
    kind: 'histogram',
    name: 'llm_d_epp_scheduler_e2e_duration_seconds',
    labels: [],
    buckets: STEP_BUCKETS,
    help: 'Steps 4 to 6: candidates, prepare, schedule.',
  },
  schedulerAttempts: {
    kind: 'counter',
    name: 'llm_d_epp_scheduler_attempts_total',
    labels: ['status', 'target_model_name', 'endpoint_name', 'namespace', 'port'],
    help: 'Scheduling decisions, by the endpoint picked; status success or failure.',
  },
  averageKvCache: {
    kind: 'gauge',
    name: 'llm_d_epp_average_kv_cache_utilization',
    labels: ['name'],
    help: 'Mean KV cache use over the ready endpoints of the pool.',
  },
  averageQueue: {
    kind: 'gauge',
    name: 'llm_d_epp_average_queue_size',
    labels: ['name'],
    help: 'Mean of the requests waiting in the engines of the pool.',
  },
  averageRunning: {
    kind: 'gauge',
    name: 'llm_d_epp_average_running_requests',
    labels: ['name'],
    help: 'Mean of the requests running in the engines of the pool.',
  },
  stdDevKvCache: {
    kind: 'gauge',
    name: 'llm_d_epp_std_dev_kv_cache_utilization',
    labels: ['name'],
    help: 'Standard deviation of KV cache use over the ready endpoints of the pool.',
  },
  stdDevQueue: {
    kind: 'gauge',
    name: 'llm_d_epp_std_dev_queue_size',
    labels: ['name'],
    help: 'Standard deviation of the requests waiting in the engines of the pool.',
  },
  stdDevRunning: {
    kind: 'gauge',
    name: 'llm_d_epp_std_dev_running_requests',
    labels: ['name'],
    help: 'Standard deviation of the requests running in the engines of the pool.',
  },
  readyEndpoints: { kind: 'gauge', name: 'llm_d_epp_ready_endpoints', labels: ['name'], help: 'Ready endpoints of the pool.' },
  endpointQueue: {
    kind: 'gauge',
    name: 'llm_d_epp_per_endpoint_queue_size',
    labels: ['name', 'model_server_endpoint'],
    help: 'Requests waiting in the engine.',
  },
  info: { kind: 'gauge', name: 'llm_d_epp_info', labels: ['commit', 'build_ref'], help: 'Always 1; the labels say what runs.' },
  prefixHitRatio: {
    kind: 'histogram',
    name: 'llm_d_epp_prefix_indexer_hit_ratio',
    labels: ['plugin_name', 'plugin_type'],
    buckets: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    help: 'Share of the prompt blocks that the picked endpoint was believed to hold.',
  },
  prefixHitBytes: {
    kind: 'histogram',
    name: 'llm_d_epp_prefix_indexer_hit_bytes',
    labels: ['plugin_name', 'plugin_type'],
    buckets: [0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
    help: 'Bytes of the prompt that the picked endpoint was believed to hold.',
  },
  prefixIndexSize: {
    kind: 'gauge',
    name: 'llm_d_epp_prefix_indexer_size',
    labels: [],
    help: 'Blocks in the prefix index, over all endpoints.',
  },
  pollErrors: {
    kind: 'counter',
    name: 'llm_d_epp_datalayer_poll_errors_total',
    labels: ['source_type'],
    help: 'Scrapes of an endpoint that failed.',
  },
  prefixIndexBytes: {
    kind: 'gauge',
    name: 'headgate_prefix_index_bytes',
    labels: ['kind'],
    help: 'Memory of the prefix index: used, and its budget.',
  },
  endpointRequests: {
    kind: 'gauge',
    name: 'headgate_endpoint_inflight_requests',
    labels: ['endpoint_name', 'namespace'],
    help: 'Requests sent to the endpoint that have not ended.',
  },
  endpointTokens: {
    kind: 'gauge',
    name: 'headgate_endpoint_inflight_tokens',
    labels: ['endpoint_name', 'namespace'],
    help: 'Prompt tokens not believed cached, of the requests in flight on the endpoint.',
  },
  scrapeDuration: {
    kind: 'histogram',
    name: 'headgate_scrape_duration_seconds',
    labels: [],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    help: 'From the start of a scrape to the last value stored.',
  },
  pluginMisbehaved: {
    kind: 'counter',
    name: 'headgate_plugin_misbehaved_total',
    labels: ['plugin_name'],
    help: 'Scores that were not numbers and counted as 0.',
  },
  loopDelay: {
    kind: 'gauge',
    name: 'headgate_event_loop_delay_seconds',
    labels: ['percentile'],
    help: 'How late the event loop ran since the last scrape of this page.',
  },
  residentMemory: { kind: 'gauge', name: 'process_resident_memory_bytes', labels: [], help: 'Resident memory of the process.' },
  cpuSeconds: { kind: 'counter', name: 'process_cpu_seconds_total', labels: [], help: 'CPU time that the process has used.' },
}
