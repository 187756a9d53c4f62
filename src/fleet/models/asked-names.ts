/** When names that nobody is known to serve were first asked for. Bounded: the name that came first goes first. */

const MAX_NAMES = 1000

export class AskedNames {
  readonly #askedAtMs = new Map<string, number>()
  readonly #forgetAfterMs: number

  /** After `forgetAfterMs` an ask counts as the first one again, since a model may have appeared meanwhile. */
  constructor(forgetAfterMs: number) {
    this.#forgetAfterMs = forgetAfterMs
  }

  /** Notes an ask and returns the time of the first one. */
  firstAskedAtMs(name: string, nowMs: number): number {
    const before = this.#askedAtMs.get(name)
    if (before !== undefined && nowMs - before < this.#forgetAfterMs) return before
    this.#askedAtMs.delete(name)
    this.#askedAtMs.set(name, nowMs)
    if (this.#askedAtMs.size > MAX_NAMES) this.#askedAtMs.delete(this.#askedAtMs.keys().next().value!)
    return nowMs
  }

  get size(): number {
    return this.#askedAtMs.size
  }
}
