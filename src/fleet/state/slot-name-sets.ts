/** A set of names for each slot, asked on the hot path with integers only: one bit for each pair of name and slot. */
import type { NameInterner } from '#/fleet/state/name-interner.ts'

const NOTHING: readonly number[] = []

export class SlotNameSets {
  readonly #interner: NameInterner
  /** Indexed by name, then a bit for each slot; as long as the highest slot that ever had the name needs. */
  readonly #bits: (Uint32Array | undefined)[] = []
  readonly #idsOfSlot: (readonly number[] | undefined)[] = []

  constructor(interner: NameInterner) {
    this.#interner = interner
  }

  has(slot: number, id: number): boolean {
    const word = this.#bits[id]?.[slot >>> 5]
    return word !== undefined && ((word >>> (slot & 31)) & 1) === 1
  }

  count(slot: number): number {
    return this.#idsOfSlot[slot]?.length ?? 0
  }

  /** For people to read, not for the hot path. */
  namesOf(slot: number): string[] {
    return (this.#idsOfSlot[slot] ?? NOTHING).map((id) => this.#interner.nameOf(id))
  }

  /** Replaces the slot's set. Repeated names count once. */
  set(slot: number, names: Iterable<string>): void {
    const before = this.#idsOfSlot[slot] ?? NOTHING
    const after: number[] = []
    // Hold the new ones first: a name that stays keeps its number.
    for (const name of new Set(names)) after.push(this.#interner.hold(name))
    for (const id of before) this.#clearBit(slot, id)
    for (const id of after) this.#setBit(slot, id)
    for (const id of before) this.#interner.release(id)
    this.#idsOfSlot[slot] = after
  }

  clear(slot: number): void {
    if (this.count(slot) > 0) this.set(slot, [])
  }

  #setBit(slot: number, id: number): void {
    const index = slot >>> 5
    let words = this.#bits[id]
    if (words === undefined || words.length <= index) {
      const longer = new Uint32Array(2 ** Math.ceil(Math.log2(index + 1)))
      if (words !== undefined) longer.set(words)
      this.#bits[id] = longer
      words = longer
    }
    words[index]! |= 1 << (slot & 31)
  }

  #clearBit(slot: number, id: number): void {
    this.#bits[id]![slot >>> 5]! &= ~(1 << (slot & 31))
  }
}
