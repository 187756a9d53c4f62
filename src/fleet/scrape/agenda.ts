/**
 * When to come back to which slot: one time for each slot, one timer for all of them. An indexed binary heap, so that a time can be moved
 * or taken back at any moment.
 */
import type { Clock, TimerHandle } from '#/lib/clock.ts'

export class Agenda implements Disposable {
  readonly #clock: Clock
  readonly #onDue: (slot: number) => void
  /** Slots in heap order of their times. */
  readonly #heap: number[] = []
  /** Indexed by slot: place in the heap, undefined or -1 if it has no time. */
  readonly #places: number[] = []
  /** Indexed by slot. */
  readonly #times: number[] = []
  #timer: TimerHandle | undefined
  #timerAtMs = Infinity

  /** `onDue` is called once for each time that is reached; the slot has none from then on. */
  constructor(clock: Clock, onDue: (slot: number) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Replaces the slot's time. */
  set(slot: number, atMs: number): void {
    const place = this.#placeOf(slot)
    this.#times[slot] = atMs
    if (place === -1) this.#siftUp(slot, this.#heap.push(slot) - 1)
    else {
      this.#siftUp(slot, place)
      this.#siftDown(slot, this.#places[slot]!)
    }
    this.#arm()
  }

  remove(slot: number): void {
    this.#takeOut(slot)
    this.#times[slot] = Infinity
  }

  /** Infinity if it has none. */
  timeOf(slot: number): number {
    return this.#times[slot] ?? Infinity
  }

  /** Forgets all times. */
  [Symbol.dispose](): void {
    while (this.#heap.length > 0) this.remove(this.#heap.at(-1)!)
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = Infinity
  }

  #placeOf(slot: number): number {
    return this.#places[slot] ?? -1
  }

  /** Leaves an earlier timer alone: it finds nothing due and arms the next one, which is cheaper than to move it each time. */
  #arm(): void {
    const [first] = this.#heap
    if (first === undefined || this.#times[first]! >= this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = this.#times[first]!
    this.#timer = this.#clock.schedule(Math.max(0, Math.ceil(this.#timerAtMs - this.#clock.nowMs())), () => this.#fire())
  }

  #fire(): void {
    this.#timer = undefined
    const nowMs = this.#clock.nowMs()
    const due: number[] = []
    for (let slot = this.#heap[0]; slot !== undefined && this.#times[slot]! <= nowMs; slot = this.#heap[0]) {
      this.#takeOut(slot)
      due.push(slot)
    }
    // No timer is armed before all of them are through.
    this.#timerAtMs = -Infinity
    try {
      for (const slot of due) {
        // What an earlier one in this round moved or took back is not due any more.
        if (this.#placeOf(slot) !== -1 || this.#times[slot] === Infinity) continue
        this.#times[slot] = Infinity
        this.#onDue(slot)
      }
    } finally {
      this.#timerAtMs = Infinity
      this.#arm()
    }
  }

  #takeOut(slot: number): void {
    const place = this.#placeOf(slot)
    if (place === -1) return
    this.#places[slot] = -1
    const last = this.#heap.pop()!
    if (last === slot) return
    this.#siftUp(last, place)
    this.#siftDown(last, this.#places[last]!)
  }

  #siftUp(slot: number, from: number): void {
    const heap = this.#heap
    const time = this.#times[slot]!
    let place = from
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]!
      if (this.#times[parent]! <= time) break
      heap[place] = parent
      this.#places[parent] = place
      place = (place - 1) >> 1
    }
    heap[place] = slot
    this.#places[slot] = place
  }

  #siftDown(slot: number, from: number): void {
    const heap = this.#heap
    const time = this.#times[slot]!
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#times[heap[child + 1]!]! < this.#times[heap[child]!]!) child++
      const below = heap[child]!
      if (this.#times[below]! >= time) break
      heap[place] = below
      this.#places[below] = place
      place = child
    }
    heap[place] = slot
    this.#places[slot] = place
  }
}
