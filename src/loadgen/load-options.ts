/** What a load run is told: where, what, how fast, for how long. */
import type { Rng } from '#/lib/rng.ts'
import type { Arrivals } from '#/loadgen/arrivals.ts'
import type { LoadTarget } from '#/loadgen/load-target.ts'
import type { Workload } from '#/loadgen/workload.ts'

export type LoadShape =
  /** Requests are due when the arrivals say so; what exceeds `maxInFlight` waits in the generator, and its latency counts the wait. */
  | { readonly loop: 'open'; readonly arrivals: Arrivals; readonly maxInFlight: number }
  /** So many in flight, the next one when one ends. */
  | { readonly loop: 'closed'; readonly inFlight: number }

export interface LoadOptions {
  /** Several are loaded in turns. */
  readonly targets: readonly LoadTarget[]
  /** Path behind the target's base path. */
  readonly path: string
  /** More header fields, each `name: value`. */
  readonly headers: readonly string[]
  /** Whether the workload asks for streams. */
  readonly stream: boolean
  readonly workload: Workload
  readonly shape: LoadShape
  readonly warmupMs: number
  /** Length of the measured window; Infinity: until every request of the arrivals or the workload is answered. */
  readonly durationMs: number
  /** How long answers are waited for after the window. */
  readonly drainMs: number
  /** A request without its whole answer after this long has failed. */
  readonly timeoutMs: number
  readonly maxRequests: number
  /** Share of requests that are cut off by closing the connection `afterMs` after they were sent, unless they are over by then. */
  readonly abort?: { readonly share: number; readonly afterMs: number; readonly rng: Rng }
  /** Processes to watch, by name. */
  readonly pids: ReadonlyMap<string, number>
  /** Answer header that names the serving endpoint. */
  readonly endpointHeader?: string
  /** Called a few times a second. */
  readonly onProgress?: (progress: LoadProgress) => void
  /** Ends the run early; the result covers the time until then. */
  readonly signal?: AbortSignal
}

export interface LoadProgress {
  readonly phase: 'warm-up' | 'measuring' | 'draining'
  readonly elapsedMs: number
  /** Since the start, the warm-up's included. */
  readonly endedRequests: number
  readonly inFlight: number
  /** Due, but not sent for want of a free place. */
  readonly waiting: number
  /** Failed or incomplete within the window. */
  readonly bad: number
}
