/**
 * Which endpoint holds which prompt blocks, as far as it can be told from what was sent where. An endpoint's blocks are forgotten oldest
 * first, and the start of a chain always counts as used after its end, so that no block outlives the one before it.
 */
import { LEARN_ID, RECORD_WORDS, TAG } from '#/fleet/prefix/block-record.ts'
import { BlockTable } from '#/fleet/prefix/block-table.ts'
import { FIRST_BLOCK, isFirstEpoch, nextEpoch, slotOfTag } from '#/fleet/prefix/holder-tag.ts'
import { RecencyLists } from '#/fleet/prefix/recency-lists.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import { MAX_SLOTS } from '#/sdk/endpoint.ts'
import type { PrefixChain } from '#/sdk/inference-request.ts'
import type { LearningPrefixIndex } from '#/sdk/resources.ts'

export interface ApproximatePrefixIndexOptions {
  /** Of all memory that the index allocates. Default 64 MiB, which is room for 2 million blocks. */
  readonly budgetBytes?: number
  /** Blocks that an endpoint can hold while `setCapacity` has not said otherwise. Default 31,250. */
  readonly defaultCapacityBlocks?: number
}

const DEFAULT_BUDGET_BYTES = 64 * 2 ** 20
const DEFAULT_CAPACITY_BLOCKS = 31_250

/** Bounds on the cleaning up within one call. */
const RECLAIM_VISITS = 256
const TRIM_BLOCKS = 4_096

export class ApproximatePrefixIndex implements LearningPrefixIndex {
  readonly budgetBytes: number
  readonly #defaultCapacityBlocks: number
  readonly #table: BlockTable
  readonly #lists: RecencyLists
  /** By slot: the tag of its blocks, apart from FIRST_BLOCK. */
  #tags = new Uint32Array(0)
  #capacities = new Uint32Array(0)
  /** By slot: the last `match` of which it was a candidate. */
  #candidateOf = new Uint32Array(0)
  #matchId = 0
  #learnId = 0
  /** The slot that evicts next when the budget is used up. */
  #hand = 0

  constructor(options: ApproximatePrefixIndexOptions = {}) {
    this.budgetBytes = options.budgetBytes ?? DEFAULT_BUDGET_BYTES
    this.#defaultCapacityBlocks = options.defaultCapacityBlocks ?? DEFAULT_CAPACITY_BLOCKS
    this.#table = new BlockTable(this.budgetBytes)
    this.#lists = new RecencyLists(this.#table.words)
  }

  get usedBytes(): number {
    return this.#table.usedBytes + this.#slotBytes
  }

  /** Blocks of all endpoints together. */
  get totalBlocks(): number {
    return this.#lists.total
  }

  blockCount(slot: number): number {
    return this.#lists.count(slot)
  }

  match(chain: PrefixChain, candidates: Candidates, blocks: Uint32Array, weight: Float32Array): void {
    this.#reclaim()
    const matchId = (this.#matchId = (this.#matchId + 1) >>> 0)
    for (let i = 0; i < candidates.count; i++) {
      const slot = candidates.slots[i]!
      blocks[slot] = 0
      weight[slot] = 0
      if (slot < this.#candidateOf.length) this.#candidateOf[slot] = matchId
    }
    if (chain.length === 0) return
    const table = this.#table
    for (let record = table.firstBlock(chain.low[0]!, chain.high[0]!); record !== 0; record = table.nextFirstBlock(record)) {
      const tag = table.words[record * RECORD_WORDS + TAG]! - FIRST_BLOCK
      const slot = slotOfTag(tag)
      if (this.#tags[slot] !== tag || this.#candidateOf[slot] !== matchId) continue
      blocks[slot] = this.#heldBlocks(chain, tag)
      weight[slot] = 1
    }
  }

  /** A chain that is longer than the endpoint's capacity, or that the budget cannot hold, is learned from its start as far as it goes. */
  learn(chain: PrefixChain, slot: number): number {
    this.#reclaim()
    this.#admit(slot)
    const lists = this.#lists
    const { words } = this.#table
    const learnId = (this.#learnId = this.#learnId === 0xffff_ffff ? 1 : this.#learnId + 1)
    const capacity = this.#capacities[slot]!
    const length = Math.min(chain.length, capacity)
    let previous = 0
    let likely = 0
    let i = 0
    for (; i < length; i++) {
      const record = this.#find(chain, i, slot, likely)
      if (record === 0) break
      likely = lists.olderThan(record)
      lists.move(record, slot, previous)
      words[record * RECORD_WORDS + LEARN_ID] = 0
      previous = record
    }
    // Where one block is missing, so are all after it.
    for (; i < length; i++) {
      if (lists.count(slot) >= capacity) this.#evictOldest(slot)
      if (!this.#makeRoom(previous)) break
      const record = this.#table.add(chain.low[i]!, chain.high[i]!, tagAt(i, this.#tags[slot]!))
      lists.insert(record, slot, previous)
      words[record * RECORD_WORDS + LEARN_ID] = learnId
      previous = record
    }
    this.#trim(slot)
    return learnId
  }

  undo(chain: PrefixChain, slot: number, learnId: number): void {
    this.#reclaim()
    if (this.#lists.count(slot) === 0) return
    let likely = 0
    for (let i = 0; i < chain.length; i++) {
      const record = this.#find(chain, i, slot, likely)
      if (record === 0) break
      likely = this.#lists.olderThan(record)
      if (this.#table.words[record * RECORD_WORDS + LEARN_ID] === learnId) this.#remove(record, slot)
    }
    this.#releaseIfEmpty()
  }

  /** Takes effect at once and in constant time; the memory comes back little by little with later calls. The capacity stays. */
  forget(slot: number): void {
    if (this.#lists.count(slot) > 0) {
      this.#lists.abandon(slot)
      const tag = nextEpoch(this.#tags[slot]!)
      this.#tags[slot] = tag
      // The epochs start over: nothing of the first one may be left.
      if (isFirstEpoch(tag)) this.#reclaim(Infinity)
    }
    this.#reclaim()
  }

  setCapacity(slot: number, blocks: number): void {
    this.#reclaim()
    this.#admit(slot)
    this.#capacities[slot] = blocks > 0 ? Math.min(blocks, 0xffff_ffff) : this.#defaultCapacityBlocks
    this.#trim(slot)
  }

  get #slotBytes(): number {
    return this.#lists.usedBytes + this.#tags.byteLength + this.#capacities.byteLength + this.#candidateOf.byteLength
  }

  /** How far an endpoint that has block 0 has the chain. Bisects: where a block is held, all blocks before it are. */
  #heldBlocks(chain: PrefixChain, tag: number): number {
    let held = 1
    let limit = chain.length
    while (held < limit) {
      const middle = (held + limit + 1) >>> 1
      if (this.#table.find(chain.low[middle - 1]!, chain.high[middle - 1]!, tag) !== 0) held = middle
      else limit = middle - 1
    }
    return held
  }

  /** The record of block i of the chain, or 0. Tries `likely` first, which is right wherever the chain was learned in one go. */
  #find(chain: PrefixChain, i: number, slot: number, likely: number): number {
    const low = chain.low[i]!
    const high = chain.high[i]!
    const tag = tagAt(i, this.#tags[slot]!)
    return likely !== 0 && this.#table.isBlock(likely, low, high, tag) ? likely : this.#table.find(low, high, tag)
  }

  #admit(slot: number): void {
    const known = this.#tags.length
    if (slot < known) return
    if (slot >= MAX_SLOTS) throw new RangeError(`slot ${slot} is beyond the last one, ${MAX_SLOTS - 1}`)
    const slots = Math.max(16, 2 ** Math.ceil(Math.log2(slot + 1)))
    this.#tags = Uint32Array.from({ length: slots }, (_, slot) => this.#tags[slot] ?? slot)
    this.#capacities = Uint32Array.from({ length: slots }, (_, slot) => this.#capacities[slot] ?? this.#defaultCapacityBlocks)
    this.#candidateOf = new Uint32Array(slots)
    this.#lists.resize(slots)
  }

  /** Makes sure that the table can take a record, if need be at the expense of others than `keep` and what is newer in its list. */
  #makeRoom(keep: number): boolean {
    if (this.#table.hasRoom) return true
    if (this.#lists.hasAbandoned) {
      this.#table.delete(this.#lists.takeAbandoned())
      return true
    }
    return this.#table.grow(this.budgetBytes - this.#slotBytes) || this.#evictForOthers(keep)
  }

  /**
   * Endpoints that hold at least an equal share of all blocks evict in turn, so that the small ones keep what they have. Those who are
   * passed over hold less than a share, so others hold more: on the whole few are passed over for one that evicts.
   */
  #evictForOthers(keep: number): boolean {
    const lists = this.#lists
    const share = Math.floor(lists.total / lists.holders)
    for (let turn = 0; turn <= this.#tags.length; turn++) {
      const slot = this.#hand
      if (lists.count(slot) > 0 && lists.count(slot) >= share && lists.oldest(slot) !== keep) {
        this.#evictOldest(slot)
        return true
      }
      this.#hand = (slot + 1) % this.#tags.length
    }
    return false
  }

  #trim(slot: number): void {
    const surplus = this.#lists.count(slot) - this.#capacities[slot]!
    for (let i = Math.min(surplus, TRIM_BLOCKS); i > 0; i--) this.#evictOldest(slot)
  }

  #evictOldest(slot: number): void {
    this.#remove(this.#lists.oldest(slot), slot)
  }

  #remove(record: number, slot: number): void {
    this.#lists.remove(record, slot)
    this.#table.delete(record)
  }

  /** Frees abandoned records. Stops after so many that were looked at, because a block may have many holders. */
  #reclaim(visits: number = RECLAIM_VISITS): void {
    if (!this.#lists.hasAbandoned) return
    let left = visits
    while (left > 0 && this.#lists.hasAbandoned) left -= this.#table.delete(this.#lists.takeAbandoned())
    this.#releaseIfEmpty()
  }

  #releaseIfEmpty(): void {
    if (this.#lists.total === 0 && !this.#lists.hasAbandoned) this.#table.clear()
  }
}

/** The tag of block i of a chain. */
function tagAt(i: number, tag: number): number {
  return i === 0 ? tag + FIRST_BLOCK : tag
}
