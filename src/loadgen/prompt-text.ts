/**
 * Prompt text by key: the same seed and key give the same bytes on every machine, different keys differ from their first bytes on. It is
 * copied out of one block of random words, so that text costs no more than a memory copy.
 */
import { createRng } from '#/lib/rng.ts'

const POOL_BYTES = 1_048_576

export class PromptText {
  readonly #pool: Buffer

  constructor(seed: number) {
    this.#pool = randomWords(seed)
  }

  /** Fills `target[offset, offset + sizeBytes)` with the first bytes of the text of `key` (ASCII without quotes and backslashes). */
  write(target: Buffer, offset: number, sizeBytes: number, key: string): void {
    const end = offset + sizeBytes
    let at = offset + target.write(`${key} `.slice(0, sizeBytes), offset, 'latin1')
    let from = hashOf(key) % POOL_BYTES
    while (at < end) {
      at += this.#pool.copy(target, at, from, from + end - at)
      from = 0
    }
  }
}

function randomWords(seed: number): Buffer {
  const rng = createRng(seed)
  const pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  for (let at = 0, letters = 0; at < POOL_BYTES; at++, letters--) {
    if (letters === 0) pool[at] = 0x20
    else pool[at] = 0x61 + rng.below(26)
    if (letters <= 0) letters = 3 + rng.below(7)
  }
  return pool
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo). */
function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
