/** Lets a bounded number of things be under way at a time and starts the others in the order in which they came. */

export class StartQueue<Item> {
  readonly #maxInFlight: number
  readonly #start: (item: Item) => void
  readonly #waiting = new Set<Item>()
  #inFlight = 0

  /** `start` must not throw, and not call back into the queue: what it starts ends later. */
  constructor(maxInFlight: number, start: (item: Item) => void) {
    this.#maxInFlight = maxInFlight
    this.#start = start
  }

  /** Starts it at once if there is room. Does nothing if it waits already. */
  add(item: Item): void {
    this.#waiting.add(item)
    this.#startNext()
  }

  /** It need not be started any more. Does nothing if it does not wait. */
  withdraw(item: Item): void {
    this.#waiting.delete(item)
  }

  /** One that was started is over. */
  ended(): void {
    this.#inFlight--
    this.#startNext()
  }

  #startNext(): void {
    for (const item of this.#waiting) {
      if (this.#inFlight >= this.#maxInFlight) return
      this.#waiting.delete(item)
      this.#inFlight++
      this.#start(item)
    }
  }
}
