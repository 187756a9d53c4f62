/** Requests of a trace as text: four bytes a token, and the same block id always the same 2,048 bytes, so that prefixes match as they did. */
import type { PromptText } from '#/loadgen/prompt-text.ts'
import type { RequestTemplate } from '#/loadgen/request-template.ts'
import { TRACE_BLOCK_TOKENS, type TraceRecord } from '#/loadgen/trace-record.ts'
import type { Workload } from '#/loadgen/workload.ts'

/** Bytes of prompt text that stand for a token. */
const BYTES_PER_TOKEN = 4

const BLOCK_BYTES = TRACE_BLOCK_TOKENS * BYTES_PER_TOKEN

export interface TraceWorkloadOptions {
  readonly template: RequestTemplate
  readonly text: PromptText
  readonly records: readonly TraceRecord[]
}

export function traceWorkload(options: TraceWorkloadOptions): Workload {
  const { template, text, records } = options
  let index = 0
  return {
    next() {
      const record = records[index]
      const number = index++
      if (record === undefined) return undefined
      const textBytes = Math.max(1, record.inputTokens) * BYTES_PER_TOKEN
      return template.plan(textBytes, Math.max(1, record.outputTokens), (target, offset) => {
        let at = 0
        for (const id of record.blockIds ?? []) {
          const sizeBytes = Math.min(BLOCK_BYTES, textBytes - at)
          text.write(target, offset + at, sizeBytes, `b${id.toString(36)}`)
          at += sizeBytes
        }
        // What no block covers belongs to this request alone.
        text.write(target, offset + at, textBytes - at, `r${number}`)
      })
    },
  }
}
