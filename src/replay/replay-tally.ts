/** What the requests of a replay add up to. */
import type { LatencyRecorder } from '#/loadgen/latency-recorder.ts'

export interface ReplayTally {
  done: number
  refused: number
  good: number
  cachedTokens: number
  promptTokens: number
  readonly ttft: LatencyRecorder
  readonly itl: LatencyRecorder
}
