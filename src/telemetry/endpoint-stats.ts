/** What passed through to each endpoint, for `/api/fleet` and the terminal table: totals since it joined, and smoothed figures. */
import type { Attempt, AttemptHooks, EndCause } from '#/sdk/attempt.ts'

/** Weight of the newest observation in the smoothed TTFT. */
const TTFT_WEIGHT = 0.1

export class EndpointStats implements AttemptHooks {
  readonly started: Float64Array
  readonly completed: Float64Array
  readonly failed: Float64Array
  /** Prompt tokens sent, and those of them that the engine (or, where it does not say, our index) had cached. */
  readonly promptTokens: Float64Array
  readonly cachedTokens: Float64Array
  /** Smoothed milliseconds; 0 before the first answer. */
  readonly ttftMs: Float64Array

  constructor(maxEndpoints: number) {
    this.started = new Float64Array(maxEndpoints)
    this.completed = new Float64Array(maxEndpoints)
    this.failed = new Float64Array(maxEndpoints)
    this.promptTokens = new Float64Array(maxEndpoints)
    this.cachedTokens = new Float64Array(maxEndpoints)
    this.ttftMs = new Float64Array(maxEndpoints)
  }

  attemptSent(attempt: Attempt): void {
    this.started[attempt.slot]!++
  }

  attemptFirstByte(attempt: Attempt, nowMs: number): void {
    const { slot } = attempt
    const ttftMs = nowMs - attempt.sentAtMs
    const before = this.ttftMs[slot]!
    this.ttftMs[slot] = before === 0 ? ttftMs : before + (ttftMs - before) * TTFT_WEIGHT
  }

  attemptEnded(attempt: Attempt, cause: EndCause, _nowMs: number, served: boolean): void {
    const { slot } = attempt
    if (!served || cause === 'upstream-failed' || cause === 'timeout') this.failed[slot]!++
    else if (cause === 'complete') this.completed[slot]!++
    if (!served) return
    const promptTokens = attempt.usage.promptTokens ?? attempt.request.inputTokens
    this.promptTokens[slot]! += promptTokens
    this.cachedTokens[slot]! += Math.min(promptTokens, attempt.usage.cachedTokens ?? attempt.matchedBlocks * attempt.blockTokens)
  }

  /** For the slot's next owner. */
  reset(slot: number): void {
    for (const column of [this.started, this.completed, this.failed, this.promptTokens, this.cachedTokens, this.ttftMs]) column[slot] = 0
  }
}
