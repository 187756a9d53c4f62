/**
 * A made-up trace with the shape of Mooncake's conversation trace, for tests and for those who have none: conversations whose prompts grow
 * turn by turn behind one system prompt, arrivals in steps of 3 s, lengths with a long tail.
 */
import type { Rng } from '#/lib/rng.ts'
import { TRACE_BLOCK_TOKENS, type TraceRecord } from '#/loadgen/trace-record.ts'

export interface SyntheticTraceOptions {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly rng: Rng
}

const STEP_MS = 3000
/** Share of requests that continue a conversation (39% of the conversation trace share more than the system prompt). */
const CONTINUED_SHARE = 0.39
const OPEN_CONVERSATIONS = 200
/** New prompt tokens of a turn and answer tokens: medians and spreads of log-normal laws that resemble the conversation trace. */
const TURN_TOKENS = { median: 5000, sigma: 1.1, max: 120_000 }
const OUTPUT_TOKENS = { median: 300, sigma: 0.6, max: 2000 }

export function syntheticTrace(options: SyntheticTraceOptions): TraceRecord[] {
  const { rng } = options
  const records: TraceRecord[] = []
  const conversations: TraceRecord[] = []
  let nextBlockId = 1
  let atMs = 0
  for (let i = 0; i < options.requests; i++) {
    atMs += (-Math.log(1 - rng.next()) * 1000) / options.requestsPerSecond
    const continued = conversations.length > 0 && rng.next() < CONTINUED_SHARE ? rng.below(conversations.length) : undefined
    const before = continued === undefined ? undefined : conversations[continued]
    const beforeTokens = before === undefined ? 0 : before.inputTokens + before.outputTokens
    const inputTokens = Math.min(TURN_TOKENS.max, beforeTokens + logNormal(rng, TURN_TOKENS))
    // Only whole blocks are surely the same in the next turn; block 0 is the system prompt.
    const keptBlocks = Math.max(1, Math.floor((before?.inputTokens ?? 0) / TRACE_BLOCK_TOKENS))
    const kept = before?.blockIds?.slice(0, keptBlocks) ?? [0]
    const blockIds = kept.slice(0, Math.ceil(inputTokens / TRACE_BLOCK_TOKENS))
    while (blockIds.length * TRACE_BLOCK_TOKENS < inputTokens) blockIds.push(nextBlockId++)
    const record = { atMs: Math.floor(atMs / STEP_MS) * STEP_MS, inputTokens, outputTokens: logNormal(rng, OUTPUT_TOKENS), blockIds }
    records.push(record)
    conversations[continued ?? (conversations.length < OPEN_CONVERSATIONS ? conversations.length : rng.below(OPEN_CONVERSATIONS))] = record
  }
  return records
}

/** Whole tokens, at least 1, by Box and Muller's transform. */
function logNormal(rng: Rng, law: { median: number; sigma: number; max: number }): number {
  const normal = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next())
  return Math.max(1, Math.min(law.max, Math.round(law.median * Math.exp(law.sigma * normal))))
}
