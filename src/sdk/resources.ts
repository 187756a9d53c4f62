/** Shapes of the resources behind the keys in `keys.ts`. */
import type { PrefixChain } from '#/sdk/inference-request.ts'
import type { Candidates } from '#/sdk/candidates.ts'

export interface EndpointLabels {
  /** Grows whenever any endpoint's labels change or an endpoint joins or leaves: rebuild what was derived from them. */
  readonly version: number
  get(slot: number): Readonly<Record<string, string>>
}

/** LoRA state as the engine last reported it (`vllm:lora_requests_info`). Adapter names are interned. */
export interface EndpointAdapters {
  /** The number of a name, or -1 if no endpoint reports it. Only valid until the event loop goes on. */
  idOf(adapter: string): number
  isActive(slot: number, adapterId: number): boolean
  isWaiting(slot: number, adapterId: number): boolean
  /** Adapters with running requests. */
  activeCount(slot: number): number
  waitingCount(slot: number): number
  /** Adapter slots of the engine; 0 where it has none or does not say. */
  maxActive(slot: number): number
}

/** Read side of a prefix index. Approximate and exact implementations share it; a scorer does not know which one it reads. */
export interface PrefixIndex {
  /** `blocks[slot]` = contiguous blocks from the start that the endpoint is believed to hold, `weight[slot]` = their storage tier's worth in [0, 1]; written for every candidate. */
  match(chain: PrefixChain, candidates: Candidates, blocks: Uint32Array, weight: Float32Array): void
  readonly usedBytes: number
  readonly budgetBytes: number
}

/** Write side of the approximate index. `learnId`s are given out by `learn`, and only `undo` takes one. */
export interface LearningPrefixIndex extends PrefixIndex {
  /** The endpoint in `slot` will hold these blocks. Returns what `undo` needs. */
  learn(chain: PrefixChain, slot: number): number
  /** Takes back what `learn` added, except where a later `learn` relied on it. */
  undo(chain: PrefixChain, slot: number, learnId: number): void
  /** The endpoint lost its cache or is gone. */
  forget(slot: number): void
  /** Blocks that the endpoint can hold; the oldest of its blocks go beyond it. 0 = not known, a default applies. */
  setCapacity(slot: number, blocks: number): void
}

/** Valid from the prepare step to the pick of one request; written by a prefix producer. */
export interface PrefixMatch {
  /** Blocks of the prompt at hand. 0: nothing to match. */
  totalBlocks: number
  blockTokens: number
  /** Indexed by slot: contiguous blocks held. */
  readonly blocks: Uint32Array
  /** Indexed by slot: worth of the held blocks' storage tier. */
  readonly weight: Float32Array
}
