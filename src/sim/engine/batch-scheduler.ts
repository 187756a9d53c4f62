/**
 * Which sequences the next step computes, and how much of each: continuous batching with chunked prefill, first come first served, in the
 * order of vLLM's V1 scheduler. Running sequences come first; the newest gives way when blocks run out and is recomputed later.
 */
import { AdapterSlots } from '#/sim/engine/adapter-slots.ts'
import { BlockPool } from '#/sim/engine/block-pool.ts'
import type { EngineConfig, StepLoad } from '#/sim/engine/engine-config.ts'
import type { Sequence } from '#/sim/engine/sequence.ts'
import { SequenceQueue } from '#/sim/engine/sequence-queue.ts'

const NOTHING: StepLoad = { prefillTokens: 0, streams: 0, contextTokens: 0, adapterLoads: 0 }

export class BatchScheduler {
  readonly waiting: SequenceQueue = new SequenceQueue()
  /** Oldest first. */
  readonly running: SequenceQueue = new SequenceQueue()
  readonly pool: BlockPool
  readonly adapters: AdapterSlots
  /** What the last plan computes; each sequence's share is its `stepTokens`. */
  readonly batch: Sequence[] = []
  load: StepLoad = { ...NOTHING }
  preemptions = 0
  /** Prompt tokens looked up in the prefix cache, and found there. */
  prefixQueryTokens = 0
  prefixHitTokens = 0
  readonly #config: EngineConfig

  constructor(config: EngineConfig) {
    this.#config = config
    this.pool = new BlockPool(config.numBlocks)
    this.adapters = new AdapterSlots(config.maxLoras)
  }

  /** Fills `batch` and `load` for the step that starts at `nowMs`. False: there is nothing to compute. */
  plan(nowMs: number): boolean {
    this.batch.length = 0
    this.load = { ...NOTHING }
    let budget = this.#config.maxNumBatchedTokens
    for (let sequence = this.running.first; sequence !== undefined && budget > 0; sequence = sequence.next) {
      const tokens = Math.min(sequence.totalTokens - sequence.computedTokens, budget)
      if (!this.#growRunning(sequence, sequence.computedTokens + tokens)) break
      this.#compute(sequence, tokens)
      budget -= tokens
    }
    this.#admitWaiting(budget, nowMs)
    return this.batch.length > 0
  }

  /** The sequence leaves, whatever its state, and gives back what it holds. */
  remove(sequence: Sequence): void {
    if (sequence.state === 'running') this.#stopRunning(sequence)
    else this.waiting.remove(sequence)
    sequence.state = 'ended'
  }

  /** Blocks for `tokens` tokens, taken from newer sequences if need be. False: it was the newest itself, and waits again. */
  #growRunning(sequence: Sequence, tokens: number): boolean {
    const missing = this.#blocksFor(tokens) - sequence.blocks.length
    while (this.pool.freeCount < missing) {
      const newest = this.running.last!
      this.#preempt(newest)
      if (newest === sequence) return false
    }
    for (let i = 0; i < missing; i++) sequence.blocks.push(this.pool.allocate())
    return true
  }

  #admitWaiting(tokenBudget: number, nowMs: number): void {
    let budget = tokenBudget
    let next: Sequence | undefined
    for (let sequence = this.waiting.first; sequence !== undefined; sequence = next) {
      if (budget === 0 || this.running.size === this.#config.maxNumSeqs) return
      next = sequence.next
      const { adapter } = sequence.request
      // A sequence whose adapter finds no slot is overtaken by others, as in vLLM.
      if (adapter !== undefined && !this.adapters.canRun(adapter)) continue
      const tokens = this.#takeBlocks(sequence, budget)
      if (tokens === 0) return
      this.waiting.remove(sequence)
      this.running.pushBack(sequence)
      sequence.state = 'running'
      if (adapter !== undefined && this.adapters.acquire(adapter)) this.load.adapterLoads++
      if (sequence.scheduledAtMs === undefined) {
        sequence.scheduledAtMs = nowMs
        sequence.cachedTokens = sequence.computedTokens
        this.prefixQueryTokens += sequence.request.promptTokens
        this.prefixHitTokens += sequence.cachedTokens
      }
      this.#compute(sequence, tokens)
      budget -= tokens
    }
  }

  /** Cached blocks of the prefix and new ones for a first chunk within the budget. Returns the chunk's tokens; 0: too few blocks, nothing was taken. */
  #takeBlocks(sequence: Sequence, budget: number): number {
    const { blocks } = sequence
    // At least one token is always computed: it is what yields the next one.
    const most = Math.floor((sequence.totalTokens - 1) / this.#config.blockSize)
    let freeHits = 0
    while (blocks.length < most) {
      const block = this.pool.find(sequence.blockKey(blocks.length))
      if (block === -1) break
      if (this.pool.referencesOf(block) === 0) freeHits++
      blocks.push(block)
    }
    const hits = blocks.length
    const computedTokens = hits * this.#config.blockSize
    const tokens = Math.min(sequence.totalTokens - computedTokens, budget)
    const missing = this.#blocksFor(computedTokens + tokens) - hits
    if (missing > this.pool.freeCount - freeHits) {
      blocks.length = 0
      return 0
    }
    for (const block of blocks) this.pool.retain(block)
    for (let i = 0; i < missing; i++) blocks.push(this.pool.allocate())
    sequence.computedTokens = computedTokens
    return tokens
  }

  /** Puts a share of the sequence into the step. Blocks that it fills can be found at once, also by the sequences after it in the same step. */
  #compute(sequence: Sequence, tokens: number): void {
    const { blockSize } = this.#config
    const { computedTokens } = sequence
    sequence.stepTokens = tokens
    this.batch.push(sequence)
    if (sequence.generatedTokens > 0 && computedTokens === sequence.totalTokens - 1) this.load.streams++
    else this.load.prefillTokens += tokens
    this.load.contextTokens += computedTokens
    const full = Math.floor((computedTokens + tokens) / blockSize)
    for (let block = Math.floor(computedTokens / blockSize); block < full; block++) {
      this.pool.label(sequence.blocks[block]!, sequence.blockKey(block))
    }
  }

  #preempt(sequence: Sequence): void {
    this.#stopRunning(sequence)
    sequence.state = 'waiting'
    sequence.computedTokens = 0
    sequence.preemptions++
    this.preemptions++
    this.waiting.pushFront(sequence)
  }

  #stopRunning(sequence: Sequence): void {
    this.running.remove(sequence)
    // The tail first, so that the start of the prompt, which others may share, stays cached longest.
    for (let i = sequence.blocks.length - 1; i >= 0; i--) this.pool.release(sequence.blocks[i]!)
    sequence.blocks.length = 0
    if (sequence.request.adapter !== undefined) this.adapters.release(sequence.request.adapter)
  }

  #blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.#config.blockSize)
  }
}
