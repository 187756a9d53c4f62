/**
 * Chained XXH64 over the blocks of a prompt. The bytes are gathered in the memory of a WebAssembly module, which then hashes all blocks
 * in one call. One instance serves a whole process: gather and hash within the same tick.
 */
import { XXH64_WASM_BASE64 } from '#/lib/xxh64/xxh64-wasm.gen.ts'

/** A 64-bit hash as two unsigned halves. */
export interface Hash64 {
  readonly low: number
  readonly high: number
}

/** `low[i]` and `high[i]` are the halves of the hash of block i, which was seeded with the hash of block i - 1. */
export interface HashChain {
  /** Blocks in the chain. The last one may be shorter than `blockBytes`. */
  readonly length: number
  readonly blockBytes: number
  readonly low: Uint32Array
  readonly high: Uint32Array
}

/** 131,072 tokens of 4 bytes: the longest prompt start that is matched. */
const DEFAULT_MAX_BYTES = 131_072 * 4

const WASM_PAGE_BYTES = 65_536

/** Spans up to this length are copied faster byte by byte than through a view. */
const SHORT_SPAN_BYTES = 16

/** The exports of xxh64.wat. */
interface Xxh64Module {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  hashBlocks(at: number, end: number, blockBytes: number, seedLow: number, seedHigh: number, low: number, high: number): void
}

/** The part of the global that is used here; TypeScript keeps its types in the DOM library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Xxh64Module }
}

export class BlockHasher {
  /** What the input area holds; bytes beyond it are ignored. */
  readonly maxBytes: number
  readonly #wasm: Xxh64Module
  /** Where the input area ends and the output begins, a multiple of 4. */
  readonly #outputAt: number
  #bytes: Uint8Array
  #words: Uint32Array
  #length = 0

  /** Throws a RangeError unless `maxBytes` is a whole number from 1 to 1 GiB. */
  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 2 ** 30) throw new RangeError(`maxBytes cannot be ${maxBytes}`)
    this.maxBytes = maxBytes
    this.#outputAt = Math.ceil(maxBytes / 4) * 4
    this.#wasm = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(XXH64_WASM_BASE64, 'base64'))).exports
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer)
    this.#words = new Uint32Array(this.#wasm.memory.buffer)
    this.#reserveOutput(WASM_PAGE_BYTES)
  }

  /** Bytes that the input area still takes. */
  get remaining(): number {
    return this.maxBytes - this.#length
  }

  /** Empties the input area. */
  reset(): void {
    this.#length = 0
  }

  /** Copies `chunk[start..end)` to the end of the input area, as far as it fits. */
  append(chunk: Uint8Array, start: number = 0, end: number = chunk.length): void {
    const span = Math.min(Math.min(end, chunk.length) - start, this.remaining)
    if (span <= 0) return
    const bytes = this.#bytes
    const to = this.#length
    if (span > SHORT_SPAN_BYTES) bytes.set(new Uint8Array(chunk.buffer, chunk.byteOffset + start, span), to)
    else for (let i = 0; i < span; i++) bytes[to + i] = chunk[start + i]!
    this.#length = to + span
  }

  /**
   * The chain over the input area, which stays as it is: h(i) = XXH64(block i, seed h(i - 1)), the seed of block 0 as given. The arrays
   * belong to the caller. `blockBytes` is a whole number from 1.
   */
  hashChain(blockBytes: number, seedLow: number, seedHigh: number): HashChain {
    const length = Math.ceil(this.#length / blockBytes)
    if (length === 0) return { length, blockBytes, low: new Uint32Array(0), high: new Uint32Array(0) }
    this.#reserveOutput(8 * length)
    const highAt = this.#outputAt + 4 * length
    this.#wasm.hashBlocks(0, this.#length, Math.min(blockBytes, this.#length), seedLow, seedHigh, this.#outputAt, highAt)
    const from = this.#outputAt / 4
    return {
      length,
      blockBytes,
      low: this.#words.slice(from, from + length),
      high: this.#words.slice(from + length, from + 2 * length),
    }
  }

  /**
   * XXH64 of bytes that are not in the input area, such as what seeds a chain. What is longer than 64 KiB is hashed as a chain of 64 KiB
   * pieces, and its hash is that of the last one.
   */
  hash(bytes: Uint8Array, seedLow: number = 0, seedHigh: number = 0): Hash64 {
    const at = this.#outputAt
    let low = seedLow
    let high = seedHigh
    let start = 0
    do {
      const piece = bytes.subarray(start, start + WASM_PAGE_BYTES)
      this.#bytes.set(piece, at)
      this.#wasm.hashBlocks(at, at + piece.length, WASM_PAGE_BYTES, low, high, at, at + 4)
      low = this.#words[at / 4]!
      high = this.#words[at / 4 + 1]!
      start += WASM_PAGE_BYTES
    } while (start < bytes.length)
    return { low, high }
  }

  #reserveOutput(lengthBytes: number): void {
    const missing = this.#outputAt + lengthBytes - this.#bytes.length
    if (missing <= 0) return
    this.#wasm.memory.grow(Math.ceil(missing / WASM_PAGE_BYTES))
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer)
    this.#words = new Uint32Array(this.#wasm.memory.buffer)
  }
}
