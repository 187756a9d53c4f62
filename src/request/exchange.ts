/** What an edge and the request path say to each other. Knows no node:http and no protobuf. */
import type { InferenceError } from '#/errors.ts'
import type { Pool } from '#/request/pool.ts'
import type { EndCause } from '#/sdk/attempt.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'
import type { HeaderLookup } from '#/sdk/inference-request.ts'

/** A request whose body is complete. */
export interface Exchange {
  readonly requestId: string
  /** Monotonic milliseconds at which the head was complete. */
  readonly receivedAtMs: number
  readonly method: string
  /** The checked, normalised path without the query: what is matched is what is forwarded. */
  readonly path: string
  readonly headers: HeaderLookup
  /** As received. Owned by the exchange: no slice of a shared read buffer. */
  readonly body: readonly Uint8Array[]
  readonly bodyBytes: number
  /** ext_proc metadata only: `ip:port` or bare `ip`. */
  readonly subsetHint?: readonly string[]
  /** `namespace/name`, from the edge's configuration, never from a client. */
  readonly poolHint?: string
}

/** What the edge can do, and what a step may do to it later. */
export interface EdgeControl {
  /** How many further endpoints the edge can walk to by itself when one cannot be reached. */
  readonly fallbacks: number
  /** A refusal if nothing was sent, a terminated stream with an error event otherwise. */
  evict(error: InferenceError): void
}

export type Decision =
  | {
      readonly kind: 'forward'
      readonly pool: Pool
      /** The pick, then the fallbacks in order. Never empty. */
      readonly endpoints: readonly EndpointRef[]
      /** Endpoints picked beside the main one, counted by the same ticket. */
      readonly legs: readonly Leg[]
      readonly headersFor: (endpoint: EndpointRef) => HeaderPatch
      readonly body: SpliceList
      readonly ticket: Ticket
    }
  | { readonly kind: 'refuse'; readonly error: InferenceError }

export interface Leg {
  readonly profile: string
  readonly endpoint: EndpointRef
  readonly release: 'first-byte' | 'end'
}

/** The request waits. `leave` is called at most once, and `decided` then settles with a refusal that nobody needs. */
export interface Queued {
  readonly decided: Promise<Decision>
  leave(cause: 'client-gone' | 'shutdown'): void
}

/** Fields to set; a field of the same name that the peer sent is replaced. Names are lower case, values are checked field values. */
export interface HeaderPatch {
  readonly set: readonly (readonly [name: string, value: string])[]
}

/** The body to send: slices of what was received and what is spliced between them. */
export interface SpliceList {
  readonly parts: readonly Uint8Array[]
  readonly lengthBytes: number
}

export type ChunkSink = (chunk: Uint8Array) => void

/** What the edge has to do with the answer. */
export interface ResponsePlan {
  /** For the client. */
  readonly headers: HeaderPatch
  readonly body: 'none' | 'observe' | 'rewrite'
}

/**
 * The life of one routed request. Every counter that it touches is given back exactly once, whatever happens and in whatever order. The
 * edge calls: sent, then answered, firstByte, bytes..., end; sent again if another endpoint is tried.
 */
export interface Ticket {
  /** The request goes to this endpoint; an earlier attempt is over. The prefix is learned here, as tentative. */
  sent(to: EndpointRef): void
  /** Confirms what was learned, or moves it to the endpoint that really answered. */
  answered(by: EndpointRef, status: number, headers: HeaderLookup): ResponsePlan
  /** The first byte of the body, not the headers: TTFT. */
  firstByte(): void
  /** Passes the chunk on to `out` when observing. `chunk` is only read during the call. */
  bytes(chunk: Uint8Array, last: boolean, out: ChunkSink): void
  /** Idempotent. */
  end(cause: EndCause): void
}
