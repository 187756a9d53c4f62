/** Bundles the wishes of many callers into one refresh at a time, and leaves time between two. */
import type { Clock, TimerHandle } from '#/lib/clock.ts'

interface Planned {
  readonly slots: Set<number>
  readonly timer: TimerHandle
  readonly done: Promise<void>
  readonly resolve: () => void
}

export class SharedRefresh implements Disposable {
  readonly #clock: Clock
  readonly #minIntervalMs: number
  readonly #run: (slots: Iterable<number>, startedAtMs: number) => Promise<void>
  #planned: Planned | undefined
  #startedAtMs = -Infinity

  /** `run` refreshes the slots and never rejects. Runs may overlap if one takes longer than the interval. */
  constructor(clock: Clock, minIntervalMs: number, run: (slots: Iterable<number>, startedAtMs: number) => Promise<void>) {
    this.#clock = clock
    this.#minIntervalMs = minIntervalMs
    this.#run = run
  }

  /** Resolves when a refresh that began after this call, and covers the slots, is over. */
  request(slots: Iterable<number>): Promise<void> {
    this.#planned ??= this.#plan()
    for (const slot of slots) this.#planned.slots.add(slot)
    return this.#planned.done
  }

  /** Resolves what has not begun. */
  [Symbol.dispose](): void {
    this.#planned?.timer.cancel()
    this.#planned?.resolve()
    this.#planned = undefined
  }

  #plan(): Planned {
    const { promise, resolve } = Promise.withResolvers<void>()
    const slots = new Set<number>()
    const waitMs = Math.max(0, this.#startedAtMs + this.#minIntervalMs - this.#clock.nowMs())
    const timer = this.#clock.schedule(waitMs, () => {
      this.#planned = undefined
      this.#startedAtMs = this.#clock.nowMs()
      void this.#run(slots, this.#startedAtMs).then(resolve)
    })
    return { slots, timer, done: promise, resolve }
  }
}
