/** What a load run found out. Latencies are milliseconds, from the scheduled send time in an open loop and from the send time in a closed one. */
import type { AnswerUsage } from '#/loadgen/answer-usage.ts'
import type { LatencySummary } from '#/loadgen/latency-recorder.ts'

export interface LoadResult {
  readonly loop: 'open' | 'closed'
  /** Length of the measured window, after the warm-up. */
  readonly windowSeconds: number
  /** Whether the run was stopped before its time. */
  readonly interrupted: boolean
  /** Requests whose scheduled time lies in the window, by what became of them; `sent` is their sum. */
  readonly requests: {
    readonly sent: number
    readonly ok: number
    readonly failed: number
    /** Streams that ended in good order, but without the `[DONE]` event. */
    readonly incompleteStreams: number
    /** Given up on purpose (abort share). */
    readonly aborted: number
    /** Not answered when the run ended. */
    readonly unfinished: number
  }
  /** Failed requests by kind: `status 503`, `reset`, `cut`, `refused`, `timeout`, ... */
  readonly failures: Readonly<Record<string, number>>
  /** Status and beginning of the first answer that was not 200. */
  readonly firstBadAnswer?: string
  /** Rates over the window, whenever the request was sent. */
  readonly perSecond: { readonly requests: number; readonly events: number; readonly answerBytes: number }
  /** Of the ok requests; undefined where nothing was recorded. */
  readonly latencyMs: {
    /** First byte of the body. */
    readonly firstByte?: LatencySummary
    /** First event that carries text; of an answer that is not streamed, its first byte. */
    readonly ttft?: LatencySummary
    /** Between two events with text as they were read: events of one read are 0 apart. Also of streams that failed later. */
    readonly itl?: LatencySummary
    readonly e2e?: LatencySummary
    /** How late the generator itself sent: it is the bottleneck when this grows. */
    readonly lateness?: LatencySummary
  }
  readonly peakInFlight: number
  readonly usage: AnswerUsage
  /** Ok requests by the endpoint that served them, if the answers name it. */
  readonly endpoints: Readonly<Record<string, number>>
  /** By name as given; `load` is the generator itself. Null: no such process, or no /proc on this machine. */
  readonly processes: Readonly<Record<string, ProcessResult | null>>
  /** Null where there is no /proc. */
  readonly machine: MachineResult | null
}

export interface ProcessResult {
  /** CPU seconds a second. */
  readonly cpuCores: number
  /** Over all requests that ended in the window. */
  readonly cpuUsPerRequest: number
  readonly cpuUsPerEvent: number
  readonly rssStartMb: number
  readonly rssEndMb: number
  /** Highest of the samples, five a second. */
  readonly rssPeakMb: number
}

export interface MachineResult {
  readonly busyCores: number
  /** Busy with neither the generator nor the named processes. */
  readonly otherCores: number
  readonly stolenCores: number
}
