/** The client half of the HTTP edge as an interface: callbacks in a fixed order, explicit backpressure, no streams, no fetch types. */
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

/** Names and values in turn: `[name, value, name, value, ...]`, in wire order, repeats kept. Names are lower case. */
export type FieldList = readonly string[]

export interface RequestHead {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** End-to-end fields only: host, content-length and connection handling are the upstream's own. Taken over: it may add to the list. */
  readonly fields: string[]
}

/**
 * Called in this order: head, data*, then end or fail. `fail` alone if nothing was received. Nothing is called before `Upstream.send`
 * returned, and nothing follows end, fail or `Flight.abort()`.
 */
export interface ResponseSink {
  /** End-to-end fields without content-length; `lengthBytes` if the endpoint sent one. Informational (1xx) answers are not reported. */
  head(status: number, fields: FieldList, lengthBytes?: number): void
  /** `payload` is the sink's to keep: no upstream writes to its memory again. False: pause until `Flight.resume()`. */
  data(payload: Uint8Array): boolean
  end(): void
  fail(failure: UpstreamFailure): void
}

export interface UpstreamFailure {
  /** 'connect': refused, unreachable or no connection in time, so that no byte of the request was sent. */
  readonly kind: 'connect' | 'reset' | 'timeout' | 'protocol'
  /** For logs. */
  readonly cause: Error
}

export interface Flight {
  /** Continue after `data` returned false. */
  resume(): void
  /** End the exchange and its connection. Idempotent. */
  abort(): void
}

export interface Upstream extends AsyncDisposable {
  /** `body` stays the caller's: neither the list nor its bytes are changed. */
  send(endpoint: Endpoint, head: RequestHead, body: readonly Uint8Array[], lengthBytes: number, sink: ResponseSink): Flight
  /** The endpoint left the fleet: close its connections as they become idle. */
  forget(endpoint: Endpoint): void
}
