/**
 * Ready-made engines. Durations and sizes are either published or derived from public hardware facts, and each preset says which. "Derived"
 * figures assume no overlap of compute and memory traffic; none was fitted to a GPU of ours.
 */
import type { EngineConfig } from '#/sim/engine/engine-config.ts'

export interface EnginePreset {
  readonly config: EngineConfig
  /** What it stands for, in one line. */
  readonly summary: string
  /** Where its figures come from. */
  readonly source: string
}

export type PresetName = 'fast' | 'llm-d-sim' | 'qwen3-32b-2xh100' | 'qwen2.5-7b-a10g'

/** Limits that vLLM uses unless told otherwise: blocks of 16 tokens, 8,192 tokens in a step. */
const COMMON = { blockSize: 16, maxNumSeqs: 256, maxNumBatchedTokens: 8192, maxLoras: 4 }

export const ENGINE_PRESETS: Readonly<Record<PresetName, EnginePreset>> = {
  fast: {
    summary: 'a small quick model for demonstrations: 5 ms a token, a cache small enough to fill',
    source:
      'prefill of 4 us a token and an overhead of 5 ms as in the published load tests of llm-d-router; the overhead is paid in each step, so it is also the inter-token latency; cache and limits are a choice',
    config: {
      ...COMMON,
      numBlocks: 8192,
      maxModelLen: 32_768,
      adapterLoadMs: 50,
      stepTime: { baseMs: 5, prefillTokenMs: 0.004, streamMs: 0.01, contextTokenMs: 0 },
    },
  },
  'llm-d-sim': {
    summary: 'the simulator settings of the published load tests of llm-d-router: for measuring a router, not a model',
    source:
      'inter-token latency of 1 ms, prefill of 4 us a token, a cache that never fills; their 5 ms overhead of each request has no counterpart in a step model and is left out',
    config: {
      ...COMMON,
      maxNumSeqs: 1024,
      numBlocks: 625_000,
      maxModelLen: 1_048_576,
      adapterLoadMs: 0,
      stepTime: { baseMs: 1, prefillTokenMs: 0.004, streamMs: 0, contextTokenMs: 0 },
    },
  },
  'qwen3-32b-2xh100': {
    summary: 'Qwen3-32B in BF16, tensor parallel on 2 H100 SXM',
    source:
      'prefill: 15,928 tokens/s, the peak that llm-d-router assumes for this set-up by default; cache: 307,328 tokens, published by llm-d for it; derived: 65.6 GB of weights read at 2 x 3.35 TB/s = 9.8 ms a step, plus 1.2 ms of launch overhead (assumed); 64 layers x 8 KV heads x 128 x 2 x 2 B = 262,144 B of KV a token at 6.7 TB/s = 0.039 us; 20 us of sampling a stream (assumed); an adapter of 0.5 GB over PCIe at 25 GB/s = 20 ms; limits are the defaults of vLLM on this GPU, context as with YaRN. Not fitted, but compared: on the shared-prefix workload of llm-d (150 groups, 6,000 + 1,200 tokens in, 1,000 out, 8 replicas) it peaks at 15.1k output tokens/s with a home for each group and 7.8k with round robin; llm-d publishes 14.9k for its router and 7.0k',
    config: {
      ...COMMON,
      maxNumSeqs: 1024,
      numBlocks: 19_208,
      maxModelLen: 131_072,
      adapterLoadMs: 20,
      stepTime: { baseMs: 11, prefillTokenMs: 1000 / 15_928, streamMs: 0.02, contextTokenMs: 0.000_039 },
    },
  },
  'qwen2.5-7b-a10g': {
    summary: 'Qwen2.5-7B in BF16 on one A10G',
    source:
      'all derived: 15.2 GB of weights read at 600 GB/s = 25.4 ms a step, plus 1.6 ms of launch overhead (assumed); 15.2 GFLOP a prompt token at 60% (assumed) of 70 TFLOPS = 0.36 ms; 28 layers x 4 KV heads x 128 x 2 x 2 B = 57,344 B of KV a token at 600 GB/s = 0.096 us; 20 us of sampling a stream (assumed); cache: 90% of 24 GB less weights and 1.4 GB of activations (assumed) = 5.0 GB = 87,200 tokens; an adapter of 0.16 GB over PCIe at 8 GB/s = 20 ms; limits are the defaults of vLLM on this GPU',
    config: {
      ...COMMON,
      maxNumBatchedTokens: 2048,
      numBlocks: 5450,
      maxModelLen: 32_768,
      adapterLoadMs: 20,
      stepTime: { baseMs: 27, prefillTokenMs: 0.36, streamMs: 0.02, contextTokenMs: 0.000_096 },
    },
  },
}

/** The preset of that name. Throws a RangeError that lists the names. */
export function findPreset(name: string): EnginePreset {
  const found = Object.entries(ENGINE_PRESETS).find(([presetName]) => presetName === name)
  if (found !== undefined) return found[1]
  throw new RangeError(`unknown preset "${name}"; there are: ${Object.keys(ENGINE_PRESETS).join(', ')}`)
}
