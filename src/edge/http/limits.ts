/** What a client may ask of the edge, with the defaults that `headgate up` runs with. */

export interface HttpLimits {
  /** Largest request body. Beyond it: 413, as soon as it shows, and the connection is closed. */
  readonly maxBodyBytes: number
  /** Request line and fields together. Beyond it: 431, and the connection is closed. */
  readonly maxHeaderBytes: number
  /** From the connection's (or the next request's) first moment to the end of its head. Beyond it: 408, and the connection is closed. */
  readonly headerTimeoutMs: number
  /** Longest pause between two pieces of a request body. Beyond it: 408, and the connection is closed. */
  readonly bodyTimeoutMs: number
  /** The whole request, head and body, however steadily it trickles in. Beyond it: 408, and the connection is closed. */
  readonly requestTimeoutMs: number
  /** How long a client may take nothing of an answer that waits for it, before it is cut: its slot on the engine is wanted by others. */
  readonly writeTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly keepAliveTimeoutMs: number
  /** Open connections. One more is closed at once, without an answer. */
  readonly maxConnections: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxBodyBytes: 64 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  requestTimeoutMs: 300_000,
  writeTimeoutMs: 300_000,
  keepAliveTimeoutMs: 75_000,
  maxConnections: 10_000,
}
