/** What a replay comes to: one value per policy, fleet and load. */
import type { LatencySummary } from '#/loadgen/latency-recorder.ts'

export interface ReplayResult {
  readonly policy: string
  readonly endpoints: number
  /** Time compression: 2 = the trace in half its time. */
  readonly speed: number
  readonly seed: number
  readonly requests: number
  /** Requests that do not fit the engine's context, left out. */
  readonly tooLong: number
  readonly refused: number
  /** Virtual seconds from the first arrival to the last token. */
  readonly durationSeconds: number
  /** Share of prompt tokens found in the engines' prefix caches. */
  readonly hitRate: number
  readonly idealHitRate: number
  readonly ttft: LatencySummary | undefined
  /** Mean time between two tokens of a request, over requests. */
  readonly itl: LatencySummary | undefined
  /** Share of requests with a TTFT of at most 2 s plus the time a lone uncached prefill of the prompt takes, and a mean ITL of at most 50 ms. */
  readonly goodput: number
  /** Standard deviation over mean of the tokens computed by each endpoint. */
  readonly spread: number
  readonly preemptions: number
}
