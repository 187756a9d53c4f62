/** What one prefix cache of unlimited size, shared by everybody, would hit: the bound that routing cannot pass. */
import { TRACE_BLOCK_TOKENS } from '#/loadgen/trace-record.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'

/** Share of all prompt tokens, in [0, 1]. At least one token of each prompt is always computed. */
export function idealHitRate(records: readonly TraceRecord[]): number {
  const seen = new Set<number>()
  let promptTokens = 0
  let hitTokens = 0
  for (const { inputTokens, blockIds = [] } of records) {
    let held = 0
    while (held < blockIds.length && seen.has(blockIds[held]!)) held++
    hitTokens += Math.max(0, Math.min(held * TRACE_BLOCK_TOKENS, inputTokens - 1))
    promptTokens += inputTokens
    for (const id of blockIds) seen.add(id)
  }
  return promptTokens === 0 ? 0 : hitTokens / promptTokens
}
