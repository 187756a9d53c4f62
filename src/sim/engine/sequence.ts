/** One prompt and what is generated after it, as the engine sees it: counts and block identities, no text. */
import { mixKeys, ROOT_KEY } from '#/sim/engine/block-key.ts'

export interface SequenceRequest {
  /** At least 1. */
  readonly promptTokens: number
  /** Identities of the prompt's full blocks from the start (block-key.ts), the adapter's root included; blocks beyond them are shared with nobody. */
  readonly blockKeys: ArrayLike<number>
  /** Tokens to generate. 0: the prompt is only computed, as for an embedding. */
  readonly maxTokens: number
  readonly adapter?: string
  /** The identity of the full block number `block` that is filled by generation and follows `previous`. Without it nobody shares the block. */
  readonly generatedBlockKey?: (block: number, previous: number) => number
  readonly events?: SequenceEvents
}

/** Called when a step ends, with the clock's time: firstToken, token (the first included), then end. They may submit and abort. */
interface SequenceEvents {
  onFirstToken?(sequence: Sequence, atMs: number): void
  onToken?(sequence: Sequence, atMs: number): void
  /** Exactly once, also when the sequence is aborted. */
  onEnd?(sequence: Sequence, cause: 'complete' | 'aborted', atMs: number): void
}

/** The fields are written by the engine only. */
export class Sequence {
  readonly request: SequenceRequest
  /** Unique within the engine, in order of submission. */
  readonly number: number
  readonly submittedAtMs: number
  state: 'waiting' | 'running' | 'ended' = 'waiting'
  /** When it first entered the running set. */
  scheduledAtMs: number | undefined
  /** Prompt tokens found in the prefix cache when it was first scheduled. */
  cachedTokens = 0
  generatedTokens = 0
  /** Tokens whose KV is in the cache. */
  computedTokens = 0
  /** Tokens that the step under way computes. */
  stepTokens = 0
  preemptions = 0
  /** Block numbers in the pool, in order of the tokens. */
  blocks: number[] = []
  /** Neighbours in the queue that it stands in. */
  next: Sequence | undefined
  previous: Sequence | undefined
  readonly #promptKeys: number
  readonly #generatedKeys: number[] = []

  constructor(request: SequenceRequest, number: number, submittedAtMs: number, blockSize: number) {
    this.request = request
    this.number = number
    this.submittedAtMs = submittedAtMs
    this.#promptKeys = Math.min(request.blockKeys.length, Math.floor(request.promptTokens / blockSize))
  }

  get totalTokens(): number {
    return this.request.promptTokens + this.generatedTokens
  }

  /** Identity of a full block. */
  blockKey(block: number): number {
    if (block < this.#promptKeys) return this.request.blockKeys[block]!
    const own = this.#generatedKeys
    for (let next = this.#promptKeys + own.length; next <= block; next++) {
      const previous = own.at(-1) ?? (this.#promptKeys > 0 ? this.request.blockKeys[this.#promptKeys - 1]! : ROOT_KEY)
      own.push(this.request.generatedBlockKey?.(next, previous) ?? mixKeys(previous, this.number))
    }
    return own[block - this.#promptKeys]!
  }
}
