/**
 * The paged KV cache of one engine: fixed blocks with reference counts. A block that nobody refers to stays findable by its key until it
 * is the least recently used free block and its memory is needed.
 */
import { BlockIndex } from '#/sim/engine/block-index.ts'
import { ROOT_KEY } from '#/sim/engine/block-key.ts'

export class BlockPool {
  readonly size: number
  readonly #references: Uint32Array
  readonly #keys: Float64Array
  readonly #index: BlockIndex
  /** The free blocks as a ring, least recently used first; index `size` is its head. */
  readonly #next: Uint32Array
  readonly #previous: Uint32Array
  #free: number

  constructor(size: number) {
    this.size = size
    this.#free = size
    this.#index = new BlockIndex(size)
    this.#references = new Uint32Array(size)
    this.#keys = new Float64Array(size).fill(ROOT_KEY)
    this.#next = Uint32Array.from({ length: size + 1 }, (_, block) => (block + 1) % (size + 1))
    this.#previous = Uint32Array.from({ length: size + 1 }, (_, block) => (block + size) % (size + 1))
  }

  /** Blocks that nobody refers to, those with cached content included. */
  get freeCount(): number {
    return this.#free
  }

  get usedCount(): number {
    return this.size - this.#free
  }

  /** Blocks that can be found by a key. */
  get cachedCount(): number {
    return this.#index.size
  }

  referencesOf(block: number): number {
    return this.#references[block]!
  }

  /** The block with this content, or -1. */
  find(key: number): number {
    return this.#index.find(key)
  }

  /** One more user of a found block. */
  retain(block: number): void {
    if (this.#references[block]!++ === 0) this.#unlink(block)
  }

  /** The least recently used free block, empty, with one user. */
  allocate(): number {
    const block = this.#next[this.size]!
    if (block === this.size) throw new Error('the KV cache has no free block')
    this.#unlink(block)
    this.#references[block] = 1
    const key = this.#keys[block]!
    if (key !== ROOT_KEY) {
      this.#index.remove(key)
      this.#keys[block] = ROOT_KEY
    }
    return block
  }

  /** The block is full and has this content, until it is allocated again. Another block that already has it remains the one to be found. */
  label(block: number, key: number): void {
    if (this.#keys[block] === ROOT_KEY && this.#index.add(key, block)) this.#keys[block] = key
  }

  /** One user less. */
  release(block: number): void {
    const references = this.#references[block]!
    if (references === 0) throw new Error(`block ${block} of the KV cache is released more often than it was taken`)
    this.#references[block] = references - 1
    if (references === 1) this.#append(block)
  }

  #unlink(block: number): void {
    const next = this.#next[block]!
    const previous = this.#previous[block]!
    this.#next[previous] = next
    this.#previous[next] = previous
    this.#free--
  }

  #append(block: number): void {
    const head = this.size
    const last = this.#previous[head]!
    this.#next[last] = block
    this.#previous[block] = last
    this.#next[block] = head
    this.#previous[head] = block
    this.#free++
  }
}
