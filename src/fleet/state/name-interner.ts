/**
 * Numbers for names, so that the hot path compares integers. A name keeps its number for as long as somebody holds it; the number of a name
 * that nobody holds is given to another one, so that names that come and go do not pile up.
 */

export class NameInterner {
  readonly #ids = new Map<string, number>()
  readonly #names: string[] = []
  readonly #holders: number[] = []
  readonly #freeIds: number[] = []

  /** Distinct names that are held. */
  get size(): number {
    return this.#ids.size
  }

  /** -1 if nobody holds the name. Only valid until the event loop goes on: ask again after an await. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? -1
  }

  nameOf(id: number): string {
    return this.#names[id]!
  }

  /** The name's number, and one more holder of it. */
  hold(name: string): number {
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#freeIds.pop() ?? this.#names.length
      this.#ids.set(name, id)
      this.#names[id] = name
      this.#holders[id] = 0
    }
    this.#holders[id]!++
    return id
  }

  release(id: number): void {
    if (--this.#holders[id]! > 0) return
    this.#ids.delete(this.#names[id]!)
    this.#freeIds.push(id)
  }
}
