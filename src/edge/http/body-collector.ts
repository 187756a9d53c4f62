/**
 * Gathers a request's body from the chunks that the parser hands out: large ones are kept as they are, small ones are copied together, so
 * that a body sent in one-byte pieces costs its bytes and not an object for each of them.
 */

/** A chunk this large is kept without a copy. */
const LARGE_BYTES = 4096
const BLOCK_BYTES = 16_384

export class BodyCollector {
  #parts: Uint8Array[] = []
  #sizeBytes = 0
  #block: Uint8Array | undefined
  #blockUsed = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Takes the chunk over, unless it is a small view of much more memory: that is copied. */
  add(chunk: Uint8Array): void {
    const isFirst = this.#sizeBytes === 0
    this.#sizeBytes += chunk.length
    if (isFirst || chunk.length >= LARGE_BYTES) {
      this.#sealBlock()
      this.#parts.push(toOwned(chunk))
    } else this.#append(chunk)
  }

  /** Hands over the body; nothing of it is kept here but its size. */
  finish(): readonly Uint8Array[] {
    this.#sealBlock()
    const parts = this.#parts
    this.#parts = []
    return parts
  }

  /** Lets go of an unfinished body. */
  clear(): void {
    this.#parts = []
    this.#block = undefined
  }

  #append(chunk: Uint8Array): void {
    if (this.#block !== undefined && this.#blockUsed + chunk.length > BLOCK_BYTES) this.#sealBlock()
    this.#block ??= new Uint8Array(BLOCK_BYTES)
    this.#block.set(chunk, this.#blockUsed)
    this.#blockUsed += chunk.length
  }

  #sealBlock(): void {
    if (this.#block === undefined) return
    this.#parts.push(toOwned(this.#block.subarray(0, this.#blockUsed)))
    this.#block = undefined
    this.#blockUsed = 0
  }
}

function toOwned(chunk: Uint8Array): Uint8Array {
  return chunk.buffer.byteLength > 2 * chunk.length ? new Uint8Array(chunk) : chunk
}
