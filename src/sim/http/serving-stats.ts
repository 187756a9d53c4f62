/** What a replica counts beside its engine: how requests ended and how long they took, with the bucket bounds of vLLM. */
import type { Sequence } from '#/sim/engine/sequence.ts'
import { Histogram } from '#/sim/http/histogram.ts'

const FIRST_TOKEN_SECONDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
]
const TOKEN_GAP_SECONDS = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80]
const REQUEST_SECONDS = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680]

export type FinishedReason = 'stop' | 'length' | 'abort' | 'error'

export class ServingStats {
  readonly finished: Record<FinishedReason, number> = { stop: 0, length: 0, abort: 0, error: 0 }
  readonly timeToFirstTokenSeconds: Histogram = new Histogram(FIRST_TOKEN_SECONDS)
  readonly interTokenLatencySeconds: Histogram = new Histogram(TOKEN_GAP_SECONDS)
  readonly endToEndSeconds: Histogram = new Histogram(REQUEST_SECONDS)
  readonly queueSeconds: Histogram = new Histogram(REQUEST_SECONDS)
  readonly promptTokens: Histogram
  readonly generationTokens: Histogram

  constructor(maxModelLen: number) {
    this.promptTokens = new Histogram(tokenBounds(maxModelLen))
    this.generationTokens = new Histogram(tokenBounds(maxModelLen))
  }

  /** `previousTokenAtMs`: of the token before, undefined for the first. */
  observeToken(sequence: Sequence, previousTokenAtMs: number | undefined, atMs: number): void {
    if (previousTokenAtMs === undefined) this.timeToFirstTokenSeconds.observe((atMs - sequence.submittedAtMs) / 1000)
    else this.interTokenLatencySeconds.observe((atMs - previousTokenAtMs) / 1000)
  }

  observeEnd(sequence: Sequence, reason: FinishedReason, atMs: number): void {
    this.finished[reason]++
    this.endToEndSeconds.observe((atMs - sequence.submittedAtMs) / 1000)
    this.queueSeconds.observe(((sequence.scheduledAtMs ?? atMs) - sequence.submittedAtMs) / 1000)
    this.promptTokens.observe(sequence.request.promptTokens)
    this.generationTokens.observe(sequence.generatedTokens)
  }
}

/** 1, 2, 5, 10, 20, 50, ... up to the longest context. */
function tokenBounds(maxModelLen: number): number[] {
  const bounds: number[] = []
  for (let power = 1; ; power *= 10) {
    for (const mantissa of [1, 2, 5]) {
      if (mantissa * power > maxModelLen) return bounds
      bounds.push(mantissa * power)
    }
  }
}
