/** A doubly linked list of sequences: both ends, and removal from the middle, in constant time. A sequence stands in one queue at most. */
import type { Sequence } from '#/sim/engine/sequence.ts'

export class SequenceQueue {
  #first: Sequence | undefined
  #last: Sequence | undefined
  #size = 0

  get first(): Sequence | undefined {
    return this.#first
  }

  get last(): Sequence | undefined {
    return this.#last
  }

  get size(): number {
    return this.#size
  }

  pushBack(sequence: Sequence): void {
    sequence.previous = this.#last
    sequence.next = undefined
    if (this.#last === undefined) this.#first = sequence
    else this.#last.next = sequence
    this.#last = sequence
    this.#size++
  }

  pushFront(sequence: Sequence): void {
    sequence.next = this.#first
    sequence.previous = undefined
    if (this.#first === undefined) this.#last = sequence
    else this.#first.previous = sequence
    this.#first = sequence
    this.#size++
  }

  remove(sequence: Sequence): void {
    if (sequence.previous === undefined) this.#first = sequence.next
    else sequence.previous.next = sequence.next
    if (sequence.next === undefined) this.#last = sequence.previous
    else sequence.next.previous = sequence.previous
    sequence.next = undefined
    sequence.previous = undefined
    this.#size--
  }
}
