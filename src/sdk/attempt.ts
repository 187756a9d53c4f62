/**
 * One try to serve a request on one endpoint, and the moments of its life that plugins may learn from. Every `attemptSent` is followed by
 * exactly one `attemptEnded` for the same attempt, whatever happens and in whatever order the edge reports it.
 */
import type { EndpointRef } from '#/sdk/endpoint.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

export type EndCause = 'complete' | 'client-gone' | 'upstream-failed' | 'evicted' | 'timeout' | 'unknown-end'

/** Token counts that the engine reported in its answer; undefined where it did not say. */
export interface Usage {
  promptTokens: number | undefined
  completionTokens: number | undefined
  cachedTokens: number | undefined
}

export interface Attempt {
  readonly request: InferenceRequest
  readonly endpoint: EndpointRef
  readonly slot: number
  /** 1 for the first try. */
  readonly number: number
  readonly sentAtMs: number
  /** Prompt blocks believed to be cached on the endpoint when the request was sent; 0 without a prefix producer. */
  readonly matchedBlocks: number
  /** Blocks in the prompt, of `blockTokens` each (the last one may be partial). */
  readonly totalBlocks: number
  readonly blockTokens: number
  /** Prompt tokens believed not to be cached. */
  readonly uncachedTokens: number
  /** HTTP status of the endpoint's answer, 0 before it. */
  status: number
  /** Monotonic milliseconds of the first body byte, -1 before it. */
  firstByteAtMs: number
  /** Body chunks seen: close to one a token on a stream, 1 or a few for a JSON answer. */
  chunkCount: number
  usage: Usage
}

export interface AttemptHooks {
  /** The request goes to the endpoint. Counted, and learned as tentative, from here on. */
  attemptSent?(attempt: Attempt): void
  /** The first byte of the answer's body: the prompt was processed. Only after a 2xx status. */
  attemptFirstByte?(attempt: Attempt, nowMs: number): void
  /** Each chunk of the answer's body, the first included. Only after a 2xx status. */
  attemptChunk?(attempt: Attempt, nowMs: number): void
  /**
   * The attempt is over; `attempt.usage` is final. `served` is false if the endpoint failed or refused, so that nothing it was sent is cached
   * there; a client that left before the answer does not make it false.
   */
  attemptEnded?(attempt: Attempt, cause: EndCause, nowMs: number, served: boolean): void
  /** The endpoint of this slot left the fleet, or its engine restarted: what was learned about it no longer holds. */
  endpointReset?(slot: number): void
}
