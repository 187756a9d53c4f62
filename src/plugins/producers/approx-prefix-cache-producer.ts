/**
 * What: believes that an endpoint holds the prompt blocks of the requests that it was sent, and writes for each candidate how many blocks of the
 * prompt at hand those are, counted from its start without a gap.
 *
 * Intent: feeds prefix affinity with no help from the engines. A prompt is learned when it is sent, not when it is answered, so that a burst with
 * one prefix stays together; an endpoint that gave no answer loses what it was believed to have learned, and one that restarts loses everything.
 *
 * Inputs: the prompt's block hashes, cache-block-size, cache-num-blocks, and the prefix index.
 *
 * Configuration: `autoTune` (true) takes the block size and the capacity from what the engines report, where they do. `blockSizeTokens` (16) and
 * `lruCapacityPerServer` (31250 blocks) apply otherwise. A block is never smaller than 64 tokens. `maxPrefixTokensToMatch` (131072; 0: unlimited)
 * bounds how much of a prompt is looked at.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: approx-prefix-cache-producer
 *     parameters: { autoTune: false, blockSizeTokens: 128, lruCapacityPerServer: 8000 }
 * ```
 */
import { z } from 'zod'
import type { Attempt } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { InferenceRequest, PrefixChain } from '#/sdk/inference-request.ts'
import { cacheBlockSize, cacheNumBlocks, prefixIndex, prefixMatch } from '#/sdk/keys.ts'
import { defineProducer } from '#/sdk/producer.ts'
import type { ProducerDefinition } from '#/sdk/producer.ts'

/** Prompt bytes that stand for a token where nobody tokenizes. */
const BYTES_PER_TOKEN = 4
/** Smaller blocks cost time and memory and tell endpoints apart no better. */
const MIN_BLOCK_TOKENS = 64
/** Bounds on what an engine may claim. */
const MAX_BLOCK_TOKENS = 65_536
const MAX_CAPACITY_BLOCKS = 0x7fff_ffff

export const approxPrefixCacheProducer: ProducerDefinition = defineProducer({
  type: 'approx-prefix-cache-producer',
  stability: 'beta',
  summary: 'Estimates how much of a prompt each endpoint holds in its cache from the prompts that it was sent.',
  params: z.strictObject({
    autoTune: z.boolean().default(true),
    blockSizeTokens: z.int().min(1).default(16),
    maxPrefixTokensToMatch: z.int().min(0).default(131_072),
    lruCapacityPerServer: z.int().min(1).default(31_250),
  }),
  consumes: { required: [prefixIndex], optional: [cacheBlockSize, cacheNumBlocks] },
  produces: [prefixMatch],
  create({ autoTune, blockSizeTokens, maxPrefixTokensToMatch, lruCapacityPerServer }, context) {
    const index = context.resource(prefixIndex)
    const match = context.resource(prefixMatch)
    const engineBlockTokens = context.column(cacheBlockSize).values
    const engineBlocks = context.column(cacheNumBlocks).values
    /** What `undo` needs for the attempts whose endpoint has not answered yet. */
    const tentative = new Map<Attempt, number>()
    /** Blocks that the index was last told the endpoint can hold; 0 = not told. Indexed by slot. */
    const toldCapacity = new Float64Array(context.maxEndpoints)

    const blockTokensFor = ({ slots, count }: Candidates): number => {
      const askedCount = autoTune ? count : 0
      for (let i = 0; i < askedCount; i++) {
        const blockTokens = engineBlockTokens[slots[i]!]!
        if (blockTokens > 0) return toBlockTokens(blockTokens)
      }
      return toBlockTokens(blockSizeTokens)
    }
    const chainOf = (request: InferenceRequest, blockTokens: number): PrefixChain => {
      const chain = request.prefixChain(BYTES_PER_TOKEN * blockTokens)
      const maxBlocks = maxPrefixTokensToMatch === 0 ? Infinity : Math.max(1, Math.floor(maxPrefixTokensToMatch / blockTokens))
      if (chain.length <= maxBlocks) return chain
      return { length: maxBlocks, blockBytes: chain.blockBytes, low: chain.low, high: chain.high }
    }
    const tellCapacity = (slot: number, blockTokens: number): void => {
      const engineTokens = engineBlocks[slot]! * engineBlockTokens[slot]!
      const capacity = autoTune && engineTokens > 0 ? toCapacity(engineTokens / blockTokens) : lruCapacityPerServer
      if (toldCapacity[slot] === capacity) return
      toldCapacity[slot] = capacity
      index.setCapacity(slot, capacity)
    }

    return {
      produce(request, candidates) {
        const blockTokens = blockTokensFor(candidates)
        const chain = chainOf(request, blockTokens)
        match.blockTokens = blockTokens
        match.totalBlocks = chain.length
        index.match(chain, candidates, match.blocks, match.weight)
      },
      attemptSent(attempt) {
        if (attempt.totalBlocks === 0) return
        tellCapacity(attempt.slot, attempt.blockTokens)
        tentative.set(attempt, index.learn(chainOf(attempt.request, attempt.blockTokens), attempt.slot))
      },
      attemptFirstByte(attempt) {
        if (tentative.delete(attempt)) attempt.request.releasePrefix()
      },
      attemptEnded(attempt, _cause, _nowMs, served) {
        const learnId = tentative.get(attempt)
        if (learnId === undefined) return
        tentative.delete(attempt)
        if (served) attempt.request.releasePrefix()
        else index.undo(chainOf(attempt.request, attempt.blockTokens), attempt.slot, learnId)
      },
      endpointReset(slot) {
        index.forget(slot)
        toldCapacity[slot] = 0
        for (const attempt of tentative.keys()) if (attempt.slot === slot) tentative.delete(attempt)
      },
    }
  },
})

function toBlockTokens(tokens: number): number {
  return Math.min(MAX_BLOCK_TOKENS, Math.max(MIN_BLOCK_TOKENS, Math.floor(tokens)))
}

function toCapacity(blocks: number): number {
  return Math.min(MAX_CAPACITY_BLOCKS, Math.max(1, Math.floor(blocks)))
}
