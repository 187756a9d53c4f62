/**
 * For each slot the blocks that its endpoint holds, in order of use, linked through the records themselves. Beside them one list of
 * abandoned blocks, which nobody holds any more and whose records are still to be freed.
 */
import { NEWER, OLDER, RECORD_WORDS } from '#/fleet/prefix/block-record.ts'

export class RecencyLists {
  readonly #words: Uint32Array
  #newest = new Uint32Array(0)
  #oldest = new Uint32Array(0)
  #counts = new Uint32Array(0)
  #total = 0
  #holders = 0
  #firstAbandoned = 0
  #lastAbandoned = 0

  /** `words`: those of the BlockTable that the records live in. */
  constructor(words: Uint32Array) {
    this.#words = words
  }

  get usedBytes(): number {
    return this.#newest.byteLength + this.#oldest.byteLength + this.#counts.byteLength
  }

  /** Blocks of all slots. */
  get total(): number {
    return this.#total
  }

  /** Slots that hold at least one block. */
  get holders(): number {
    return this.#holders
  }

  get hasAbandoned(): boolean {
    return this.#firstAbandoned !== 0
  }

  /** Makes the slots below `slots` known. */
  resize(slots: number): void {
    this.#newest = enlarge(this.#newest, slots)
    this.#oldest = enlarge(this.#oldest, slots)
    this.#counts = enlarge(this.#counts, slots)
  }

  count(slot: number): number {
    return this.#counts[slot] ?? 0
  }

  oldest(slot: number): number {
    return this.#oldest[slot]!
  }

  /** The slot's next older block, or 0. */
  olderThan(record: number): number {
    return this.#words[record * RECORD_WORDS + OLDER]!
  }

  /** Lists a record as the one just older than `newer`, or as the slot's newest if `newer` is 0. */
  insert(record: number, slot: number, newer: number): void {
    if (this.#counts[slot]!++ === 0) this.#holders++
    this.#total++
    this.#link(record, slot, newer)
  }

  /** Moves a record of the slot to just behind `newer`, or to the front if `newer` is 0. */
  move(record: number, slot: number, newer: number): void {
    const behind = newer === 0 ? this.#newest[slot] : this.olderThan(newer)
    if (behind === record || newer === record) return
    this.#unlink(record, slot)
    this.#link(record, slot, newer)
  }

  remove(record: number, slot: number): void {
    if (--this.#counts[slot]! === 0) this.#holders--
    this.#total--
    this.#unlink(record, slot)
  }

  /** Takes all blocks of a slot away from it, in constant time. */
  abandon(slot: number): void {
    const count = this.#counts[slot]!
    if (count === 0) return
    if (this.#lastAbandoned === 0) this.#firstAbandoned = this.#newest[slot]!
    else this.#words[this.#lastAbandoned * RECORD_WORDS + OLDER] = this.#newest[slot]!
    this.#lastAbandoned = this.#oldest[slot]!
    this.#newest[slot] = 0
    this.#oldest[slot] = 0
    this.#counts[slot] = 0
    this.#total -= count
    this.#holders--
  }

  /** The record that was abandoned first, no longer listed. */
  takeAbandoned(): number {
    const record = this.#firstAbandoned
    this.#firstAbandoned = this.olderThan(record)
    if (this.#firstAbandoned === 0) this.#lastAbandoned = 0
    return record
  }

  #link(record: number, slot: number, newer: number): void {
    const words = this.#words
    const older = newer === 0 ? this.#newest[slot]! : this.olderThan(newer)
    words[record * RECORD_WORDS + NEWER] = newer
    words[record * RECORD_WORDS + OLDER] = older
    if (newer === 0) this.#newest[slot] = record
    else words[newer * RECORD_WORDS + OLDER] = record
    if (older === 0) this.#oldest[slot] = record
    else words[older * RECORD_WORDS + NEWER] = record
  }

  #unlink(record: number, slot: number): void {
    const words = this.#words
    const newer = words[record * RECORD_WORDS + NEWER]!
    const older = words[record * RECORD_WORDS + OLDER]!
    if (newer === 0) this.#newest[slot] = older
    else words[newer * RECORD_WORDS + OLDER] = older
    if (older === 0) this.#oldest[slot] = newer
    else words[older * RECORD_WORDS + NEWER] = newer
  }
}

function enlarge(values: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const enlarged = new Uint32Array(length)
  enlarged.set(values)
  return enlarged
}
