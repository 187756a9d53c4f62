/**
 * From the key of a KV block to its number: open addressing with linear probing in typed arrays, at most half full. A Map of as many
 * non-integer keys that come and go takes three quarters of a replay's time.
 */

export class BlockIndex {
  readonly #mask: number
  readonly #keys: Float64Array
  /** Block number + 1; 0: the place is empty. */
  readonly #places: Uint32Array
  #size = 0

  constructor(maxBlocks: number) {
    const places = 2 ** Math.ceil(Math.log2(maxBlocks * 2))
    this.#mask = places - 1
    this.#keys = new Float64Array(places)
    this.#places = new Uint32Array(places)
  }

  get size(): number {
    return this.#size
  }

  /** The block, or -1. */
  find(key: number): number {
    return this.#places[this.#locate(key)]! - 1
  }

  /** False if the key is there already: it keeps its block. */
  add(key: number, block: number): boolean {
    const place = this.#locate(key)
    if (this.#places[place] !== 0) return false
    this.#keys[place] = key
    this.#places[place] = block + 1
    this.#size++
    return true
  }

  remove(key: number): void {
    let hole = this.#locate(key)
    if (this.#places[hole] === 0) return
    this.#size--
    // Later entries of the same run move up, unless that would put them before their home.
    for (let place = (hole + 1) & this.#mask; this.#places[place] !== 0; place = (place + 1) & this.#mask) {
      const home = this.#keys[place]! & this.#mask
      if (((place - home) & this.#mask) < ((place - hole) & this.#mask)) continue
      this.#keys[hole] = this.#keys[place]!
      this.#places[hole] = this.#places[place]!
      hole = place
    }
    this.#places[hole] = 0
  }

  /** Where the key is, or where it would go. */
  #locate(key: number): number {
    let place = key & this.#mask
    while (this.#places[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & this.#mask
    return place
  }
}
