/** The LoRA adapters that the engine holds ready to compute with: a fixed number of slots, the least recently used idle one gives way. */

export class AdapterSlots {
  readonly #slots: number
  /** Running sequences by resident adapter, least recently used first. */
  readonly #users = new Map<string, number>()

  constructor(slots: number) {
    this.#slots = slots
  }

  /** Running sequences with an adapter. */
  get userCount(): number {
    let users = 0
    for (const count of this.#users.values()) users += count
    return users
  }

  /** Adapters with a running sequence. */
  active(): string[] {
    return [...this.#users.keys()].filter((adapter) => this.#users.get(adapter)! > 0)
  }

  /** Whether a sequence with this adapter can run beside those that do. */
  canRun(adapter: string): boolean {
    return this.#users.has(adapter) || this.#users.size < this.#slots || this.#idleAdapter() !== undefined
  }

  /** One more running sequence; only if `canRun`. True if the adapter had to be loaded into a slot. */
  acquire(adapter: string): boolean {
    const users = this.#users.get(adapter)
    if (users === undefined && this.#users.size >= this.#slots) this.#users.delete(this.#idleAdapter()!)
    this.#users.delete(adapter)
    this.#users.set(adapter, (users ?? 0) + 1)
    return users === undefined
  }

  release(adapter: string): void {
    this.#users.set(adapter, this.#users.get(adapter)! - 1)
  }

  #idleAdapter(): string | undefined {
    for (const [adapter, users] of this.#users) if (users === 0) return adapter
    return undefined
  }
}
