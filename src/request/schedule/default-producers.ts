/** Which producer is added to a graph when a plugin requires data that no configured producer brings. */
import type { DataKey } from '#/sdk/data-key.ts'
import { inflightOutputTokens, inflightRequests, inflightTokens, prefixMatch } from '#/sdk/keys.ts'

export const INFLIGHT_LOAD_PRODUCER = 'inflight-load-producer'

export const DEFAULT_PRODUCERS: ReadonlyMap<DataKey, string> = new Map<DataKey, string>([
  [prefixMatch, 'approx-prefix-cache-producer'],
  [inflightRequests, INFLIGHT_LOAD_PRODUCER],
  [inflightTokens, INFLIGHT_LOAD_PRODUCER],
  [inflightOutputTokens, INFLIGHT_LOAD_PRODUCER],
])

/** The parameter by which a consumer of the data may name the producer that it expects. */
export const PRODUCER_NAME_PARAMETERS: ReadonlyMap<DataKey, string> = new Map<DataKey, string>([
  [prefixMatch, 'prefixMatchInfoProducerName'],
])
