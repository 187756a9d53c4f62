/** The data keys that come with Headgate. A plugin may define further ones beside its producer. */
import { defineColumnKey, defineResourceKey } from '#/sdk/data-key.ts'
import type { ColumnKey, ResourceKey } from '#/sdk/data-key.ts'
import type { EndpointAdapters, EndpointLabels, LearningPrefixIndex, PrefixMatch } from '#/sdk/resources.ts'

// Scraped from the model server.
export const waitingQueueSize: ColumnKey = defineColumnKey({
  name: 'waiting-queue-size',
  unit: 'requests',
  scope: 'fleet',
  description: 'Requests that wait in the engine.',
})
export const runningRequestsSize: ColumnKey = defineColumnKey({
  name: 'running-requests-size',
  unit: 'requests',
  scope: 'fleet',
  description: 'Requests that the engine is computing.',
})
export const kvCacheUtilization: ColumnKey = defineColumnKey({
  name: 'kv-cache-utilization',
  unit: 'share, 0 to 1',
  scope: 'fleet',
  description: 'Share of the KV cache in use.',
})
export const cacheBlockSize: ColumnKey = defineColumnKey({
  name: 'cache-block-size',
  unit: 'tokens',
  scope: 'fleet',
  description: 'Tokens in one KV cache block; 0 where the engine does not say.',
})
export const cacheNumBlocks: ColumnKey = defineColumnKey({
  name: 'cache-num-blocks',
  unit: 'blocks',
  scope: 'fleet',
  description: 'KV cache blocks of the engine; 0 where it does not say.',
})

// Our own accounting: exact for what passed through this process, and never older than the last event.
export const inflightRequests: ColumnKey = defineColumnKey({
  name: 'inflight-requests',
  unit: 'requests',
  scope: 'fleet',
  description: 'Requests sent to the endpoint that have not ended.',
})
export const inflightTokens: ColumnKey = defineColumnKey({
  name: 'inflight-tokens',
  unit: 'tokens',
  scope: 'fleet',
  description: 'Prompt tokens not believed cached, of the requests in flight on the endpoint that have not begun to answer.',
})
export const inflightOutputTokens: ColumnKey = defineColumnKey({
  name: 'inflight-output-tokens',
  unit: 'tokens',
  scope: 'fleet',
  description: 'Output tokens (chunks) received so far by the requests in flight on the endpoint.',
})

export const endpointLabels: ResourceKey<EndpointLabels> = defineResourceKey({
  name: 'endpoint-labels',
  description: 'The labels of each endpoint.',
})
export const endpointAdapters: ResourceKey<EndpointAdapters> = defineResourceKey({
  name: 'endpoint-adapters',
  description: 'LoRA adapters that are active or waiting on each endpoint.',
})
export const prefixIndex: ResourceKey<LearningPrefixIndex> = defineResourceKey({
  name: 'prefix-index',
  description: 'Which endpoint is believed to hold which prompt blocks.',
})
export const prefixMatch: ResourceKey<PrefixMatch> = defineResourceKey({
  name: 'prefix-match',
  description: 'How much of the prompt of the request at hand each candidate is believed to hold.',
})
