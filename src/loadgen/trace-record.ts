/** One request of a trace: when it came and how long it was, never what it said. */

export interface TraceRecord {
  /** Milliseconds on the trace's own clock; ascending over a trace. */
  readonly atMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** One id per block of 512 prompt tokens: the same id stands for the same block after the same prefix. Undefined if the trace does not say. */
  readonly blockIds: readonly number[] | undefined
}

/** Tokens of the prompt that a block id stands for (Mooncake's block size). */
export const TRACE_BLOCK_TOKENS = 512
