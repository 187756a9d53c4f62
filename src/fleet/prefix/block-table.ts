/**
 * Which endpoint holds which block: a hash table on one array that grows in place. It hashes linearly (W. Litwin, "Linear hashing: a new
 * tool for file and table addressing", 1980): each new record adds one bucket and splits one, so that no insertion ever rehashes it all.
 */
import { BUCKET, HIGH, LOW, NEXT, RECORD_BYTES, RECORD_WORDS, TAG } from '#/fleet/prefix/block-record.ts'
import { FIRST_BLOCK } from '#/fleet/prefix/holder-tag.ts'

const LARGEST_STEP_BYTES = 65_536
const STEPS_TO_FULL = 64

export class BlockTable {
  /** The records. Follows the buffer as it grows, so it may be held on to. */
  readonly words: Uint32Array
  readonly #buffer: ArrayBuffer
  readonly #stepBytes: number
  /** Records ever used, number 0 included, and at the same time the number of buckets. */
  #records = 1
  /** The least 2 ** n - 1 that is not below the last bucket. */
  #mask = 0
  #firstFree = 0

  constructor(maxBytes: number) {
    this.#buffer = new ArrayBuffer(RECORD_BYTES, { maxByteLength: Math.max(maxBytes, RECORD_BYTES) })
    this.words = new Uint32Array(this.#buffer)
    this.#stepBytes = Math.min(LARGEST_STEP_BYTES, toWholeRecords(maxBytes / STEPS_TO_FULL) + RECORD_BYTES)
  }

  get usedBytes(): number {
    return this.#buffer.byteLength
  }

  /** Whether `add` can take a record without growing the table. */
  get hasRoom(): boolean {
    return this.#firstFree !== 0 || this.#records * RECORD_BYTES < this.#buffer.byteLength
  }

  /** Makes room by one step, within `maxBytes`. False if that is used up. */
  grow(maxBytes: number): boolean {
    const bytes = Math.min(this.#buffer.byteLength + this.#stepBytes, toWholeRecords(Math.min(maxBytes, this.#buffer.maxByteLength)))
    if (bytes <= this.#buffer.byteLength) return false
    this.#buffer.resize(bytes)
    return true
  }

  /** Drops all records and gives their memory back, but for the first step, so that a table with next to nothing in it need not resize. */
  clear(): void {
    const firstStepBytes = RECORD_BYTES + this.#stepBytes
    if (this.#buffer.byteLength > firstStepBytes) this.#buffer.resize(firstStepBytes)
    this.words.fill(0, 0, this.#records * RECORD_WORDS)
    this.#records = 1
    this.#mask = 0
    this.#firstFree = 0
  }

  /** The record of a block, or 0. */
  find(low: number, high: number, tag: number): number {
    const { words } = this
    let record = words[this.#bucketOf(low, tag) * RECORD_WORDS + BUCKET]!
    while (record !== 0 && !this.isBlock(record, low, high, tag)) record = words[record * RECORD_WORDS + NEXT]!
    return record
  }

  isBlock(record: number, low: number, high: number, tag: number): boolean {
    const at = record * RECORD_WORDS
    return this.words[at + LOW] === low && this.words[at + HIGH] === high && this.words[at + TAG] === tag
  }

  /** A record of the block as the first one of a chain, whoever holds it, or 0. `nextFirstBlock` leads to the other holders. */
  firstBlock(low: number, high: number): number {
    return this.#skipToFirstBlock(this.words[this.#bucketOf(low, FIRST_BLOCK) * RECORD_WORDS + BUCKET]!, low, high)
  }

  nextFirstBlock(record: number): number {
    const at = record * RECORD_WORDS
    return this.#skipToFirstBlock(this.words[at + NEXT]!, this.words[at + LOW]!, this.words[at + HIGH]!)
  }

  /** Adds a block that is not in the table yet. There must be room. */
  add(low: number, high: number, tag: number): number {
    const { words } = this
    const record = this.#takeRecord()
    const at = record * RECORD_WORDS
    const head = this.#bucketOf(low, tag) * RECORD_WORDS + BUCKET
    words[at + LOW] = low
    words[at + HIGH] = high
    words[at + TAG] = tag
    words[at + NEXT] = words[head]!
    words[head] = record
    return record
  }

  /** Frees a record. Returns how many records it had to look at. */
  delete(record: number): number {
    const { words } = this
    const at = record * RECORD_WORDS
    let link = this.#bucketOf(words[at + LOW]!, words[at + TAG]!) * RECORD_WORDS + BUCKET
    let visits = 1
    for (; words[link] !== record; visits++) link = words[link]! * RECORD_WORDS + NEXT
    words[link] = words[at + NEXT]!
    words[at + NEXT] = this.#firstFree
    this.#firstFree = record
    return visits
  }

  #takeRecord(): number {
    const record = this.#firstFree
    if (record === 0) return this.#addBucket()
    this.#firstFree = this.words[record * RECORD_WORDS + NEXT]!
    return record
  }

  /** Adds the next bucket and moves what belongs into it out of the one that it splits. Returns the record of the same number. */
  #addBucket(): number {
    const { words } = this
    const bucket = this.#records++
    if (bucket > this.#mask) this.#mask = 2 * this.#mask + 1
    const head = bucket * RECORD_WORDS + BUCKET
    let link = (bucket & (this.#mask >>> 1)) * RECORD_WORDS + BUCKET
    for (let record = words[link]!; record !== 0; record = words[link]!) {
      const at = record * RECORD_WORDS
      if (this.#bucketOf(words[at + LOW]!, words[at + TAG]!) === bucket) {
        words[link] = words[at + NEXT]!
        words[at + NEXT] = words[head]!
        words[head] = record
      } else {
        link = at + NEXT
      }
    }
    return bucket
  }

  /** The hash is uniform as it is. First blocks are found without knowing their holder, so that all of them share a bucket. */
  #bucketOf(low: number, tag: number): number {
    const holder = (tag & FIRST_BLOCK) === 0 ? Math.imul(tag, 0x9e3779b1) : 0
    const bucket = (low ^ holder) & this.#mask
    return bucket < this.#records ? bucket : bucket & (this.#mask >>> 1)
  }

  #skipToFirstBlock(start: number, low: number, high: number): number {
    const { words } = this
    let record = start
    for (; record !== 0; record = words[record * RECORD_WORDS + NEXT]!) {
      const at = record * RECORD_WORDS
      if (words[at + LOW] === low && words[at + HIGH] === high && (words[at + TAG]! & FIRST_BLOCK) !== 0) break
    }
    return record
  }
}

function toWholeRecords(bytes: number): number {
  return Math.floor(bytes / RECORD_BYTES) * RECORD_BYTES
}
