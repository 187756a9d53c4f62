/**
 * What: counts, for each endpoint, what this gateway has sent and not got back: requests until they end, prompt tokens that are not believed cached
 * until the first byte of the answer (the prompt is computed by then), and output tokens received so far (a chunk counts as one) until the end.
 *
 * Intent: bridges the time between two scrapes with numbers that are exact for this gateway's own traffic. Part of every configuration.
 *
 * Inputs: the attempts' events.
 *
 * Configuration: `addEstimatedOutputTokens` (false) also counts, until the request ends, the output that it is expected to bring: `outputRatio` (1.5)
 * times the prompt's tokens, at most `maxEstimatedOutputTokens` (no bound) and at most what the client allows. Uncached tokens are those that the
 * prefix producer of the configuration found, so there is no `prefixMatchInfoProducerName` to choose one.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: inflight-load-producer
 *     parameters: { addEstimatedOutputTokens: true, maxEstimatedOutputTokens: 2048 }
 * ```
 */
import { z } from 'zod'
import type { Attempt } from '#/sdk/attempt.ts'
import type { Column } from '#/sdk/data-key.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { inflightOutputTokens, inflightRequests, inflightTokens } from '#/sdk/keys.ts'
import { defineProducer } from '#/sdk/producer.ts'
import type { ProducerDefinition } from '#/sdk/producer.ts'

/** What an attempt has added to the columns and not given back. Whole numbers, so that the sums are exact in any order. */
interface Share {
  promptTokens: number
  readonly estimatedOutputTokens: number
  outputTokens: number
}

export const inflightLoadProducer: ProducerDefinition = defineProducer({
  type: 'inflight-load-producer',
  stability: 'beta',
  summary: 'Counts the requests and tokens in flight on each endpoint.',
  params: z.strictObject({
    addEstimatedOutputTokens: z.boolean().default(false),
    outputRatio: z.number().min(0).default(1.5),
    maxEstimatedOutputTokens: z.int().min(0).optional(),
  }),
  produces: [inflightRequests, inflightTokens, inflightOutputTokens],
  create({ addEstimatedOutputTokens, outputRatio, maxEstimatedOutputTokens = Infinity }, context) {
    const requests = context.column(inflightRequests)
    const tokens = context.column(inflightTokens)
    const outputTokens = context.column(inflightOutputTokens)
    const shares = new Map<Attempt, Share>()

    const estimateOutput = ({ inputTokens, maxOutputTokens = Infinity }: InferenceRequest): number => {
      if (!addEstimatedOutputTokens) return 0
      return Math.max(0, Math.round(Math.min(outputRatio * inputTokens, maxEstimatedOutputTokens, maxOutputTokens)))
    }

    return {
      attemptSent(attempt) {
        const { slot, sentAtMs } = attempt
        const share: Share = {
          promptTokens: Math.round(attempt.uncachedTokens),
          estimatedOutputTokens: estimateOutput(attempt.request),
          outputTokens: 0,
        }
        shares.set(attempt, share)
        add(requests, slot, 1, sentAtMs)
        add(tokens, slot, share.promptTokens + share.estimatedOutputTokens, sentAtMs)
      },
      attemptFirstByte(attempt, nowMs) {
        const share = shares.get(attempt)
        if (share === undefined) return
        add(tokens, attempt.slot, -share.promptTokens, nowMs)
        share.promptTokens = 0
      },
      attemptChunk(attempt, nowMs) {
        const share = shares.get(attempt)
        if (share === undefined) return
        add(outputTokens, attempt.slot, 1, nowMs)
        share.outputTokens++
      },
      attemptEnded(attempt, _cause, nowMs) {
        const share = shares.get(attempt)
        if (share === undefined) return
        shares.delete(attempt)
        add(requests, attempt.slot, -1, nowMs)
        add(tokens, attempt.slot, -(share.promptTokens + share.estimatedOutputTokens), nowMs)
        add(outputTokens, attempt.slot, -share.outputTokens, nowMs)
      },
    }
  },
})

function add(column: Column, slot: number, amount: number, nowMs: number): void {
  column.values[slot] = column.values[slot]! + amount
  column.updatedAtMs[slot] = nowMs
}
