/** A clock that stands still until it is advanced: timers fire in order of their time, then of their creation. */
import type { Clock, TimerHandle } from '#/lib/clock.ts'

interface VirtualTimer {
  atMs: number
  order: number
  callback: (() => void) | undefined
}

export class VirtualClock implements Clock {
  #nowMs = 0
  #order = 0
  readonly #heap: VirtualTimer[] = []

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, callback: () => void): TimerHandle {
    const timer: VirtualTimer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback }
    this.#push(timer)
    return {
      cancel() {
        timer.callback = undefined
      },
    }
  }

  /** Time of the next timer that is still to fire, or undefined if there is none. */
  nextTimerAtMs(): number | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop()
    return this.#heap[0]?.atMs
  }

  /** Runs every timer due by `untilMs`, those that they create included, and stops the clock there. */
  advanceTo(untilMs: number): void {
    for (let next = this.nextTimerAtMs(); next !== undefined && next <= untilMs; next = this.nextTimerAtMs()) {
      this.runNext()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** Jumps to the next timer and runs it. False if there is none. */
  runNext(): boolean {
    if (this.nextTimerAtMs() === undefined) return false
    const timer = this.#pop()
    this.#nowMs = Math.max(this.#nowMs, timer.atMs)
    const { callback } = timer
    timer.callback = undefined
    callback?.()
    return true
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = timer
  }

  #pop(): VirtualTimer {
    const heap = this.#heap
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
    return top
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
