/** A small HTTP GET as an interface of callbacks: what the scraper and the model catalogue need of a client, and what their tests replace. */
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

export interface GetFailure {
  /**
   * 'connect': nobody listens there, or the name or the certificate is wrong. 'reset': the connection ended before the answer did.
   * 'protocol': the answer is not HTTP.
   */
  readonly kind: 'connect' | 'reset' | 'protocol'
  /** In words for an operator. */
  readonly reason: string
}

/** Called in this order, never from within `get`: head, data*, then end or fail. Or only fail. Nothing after end, fail or `abort()`. */
export interface GetSink {
  head(status: number): void
  /** `chunk` is only valid during the call. */
  data(chunk: Buffer): void
  end(): void
  fail(failure: GetFailure): void
}

export interface GetFlight {
  /** Ends the exchange and its connection. Does nothing once the exchange is over. */
  abort(): void
}

export interface HttpGet extends AsyncDisposable {
  /** One at a time for each endpoint. Knows no deadline, not even for connecting: whoever waits aborts. */
  get(endpoint: Endpoint, path: string, sink: GetSink): GetFlight
  /** Ends what is under way to the endpoint, as `abort` does, and closes the connection to it; the next `get` opens a new one. */
  forget(endpoint: Endpoint): void
}
