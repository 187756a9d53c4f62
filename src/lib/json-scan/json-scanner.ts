/**
 * Checks that a body, as it was received in chunks, is one JSON object in UTF-8, and finds the values of a few of its top-level keys. The
 * bytes pass through the small memory of a WebAssembly machine once; nothing is joined, decoded or made into an object for each token.
 * Accepts what JSON.parse accepts, down to 512 levels.
 */
import { findInvalidUtf8 } from '#/lib/json-scan/find-invalid-utf8.ts'
import { typeOf } from '#/lib/json-scan/json-range.ts'
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { JsonScanError } from '#/lib/json-scan/json-scan-error.ts'
import type { NameMatcher } from '#/lib/json-scan/name-matcher.ts'
import { KEY_DONE, ScanMachine, TOO_DEEP, VALUE_DONE, WINDOW_BYTES, WINDOW_DONE } from '#/lib/json-scan/scan-machine.ts'
import { sliceBytes } from '#/lib/json-scan/slice-bytes.ts'

/** Holds 128 KiB of scratch memory; one instance serves a whole process, one scan after the other. Bodies end below 2 GiB. */
export class JsonScanner {
  readonly #machine: ScanMachine = new ScanMachine()
  #chunks: readonly Uint8Array[] = []
  // Where the next bytes for the window come from.
  #nextChunk = 0
  #nextOffset = 0
  // The chunk that holds what was located last, and its offset in the body.
  #locatedChunk = 0
  #locatedBase = 0

  /** The values of the names that the object has. Throws JsonScanError, and nothing else. */
  scan<Name extends string>(chunks: readonly Uint8Array[], names: NameMatcher<Name>): ReadonlyMap<Name, JsonRange> {
    const invalidAt = findInvalidUtf8(chunks)
    if (invalidAt >= 0) throw new JsonScanError('encoding', 'invalid UTF-8', invalidAt)
    this.#chunks = chunks
    this.#nextChunk = this.#nextOffset = this.#locatedChunk = this.#locatedBase = 0
    try {
      return this.#scan(names)
    } finally {
      this.#chunks = []
    }
  }

  #scan<Name extends string>(names: NameMatcher<Name>): ReadonlyMap<Name, JsonRange> {
    const found = new Map<Name, JsonRange>()
    const machine = this.#machine
    let name: Name | undefined
    let windowStart = 0
    machine.reset()
    for (let length = this.#fillWindow(); length > 0; length = this.#fillWindow()) {
      let code = machine.run(0, length, windowStart, name !== undefined)
      while (code !== WINDOW_DONE) {
        const position = machine.position
        const offset = windowStart + position
        if (code === KEY_DONE) {
          const start = machine.keyStart
          name = this.#nameOf(names, start, offset)
          if (name !== undefined && found.has(name)) throw new JsonScanError('duplicate-key', `a second "${name}"`, start, name)
        } else if (code === VALUE_DONE) found.set(name!, this.#valueRange())
        else if (code === TOO_DEEP) throw new JsonScanError('depth', 'more than 512 levels of objects and arrays', offset)
        else throw new JsonScanError('syntax', `expected ${machine.expected}`, offset)
        code = machine.run(position, length, windowStart, name !== undefined)
      }
      windowStart += length
    }
    if (!machine.isDocumentDone) throw new JsonScanError('syntax', `expected ${machine.expected}, not the end of the body`, windowStart)
    return found
  }

  /** Copies the next bytes of the body into the window and returns how many they are. */
  #fillWindow(): number {
    const { window } = this.#machine
    const chunks = this.#chunks
    let length = 0
    while (this.#nextChunk < chunks.length && length < WINDOW_BYTES) {
      const chunk = chunks[this.#nextChunk]!
      const offset = this.#nextOffset
      const taken = Math.min(chunk.length - offset, WINDOW_BYTES - length)
      window.set(taken === chunk.length ? chunk : chunk.subarray(offset, offset + taken), length)
      length += taken
      if (offset + taken < chunk.length) this.#nextOffset = offset + taken
      else {
        this.#nextChunk++
        this.#nextOffset = 0
      }
    }
    return length
  }

  #nameOf<Name extends string>(names: NameMatcher<Name>, start: number, end: number): Name | undefined {
    if (end - start > names.maxKeyBytes) return undefined
    this.#locate(start)
    const chunk = this.#chunks[this.#locatedChunk]!
    const offset = start - this.#locatedBase
    const lengthBytes = end - start
    if (offset + lengthBytes <= chunk.length) return names.match(chunk, offset, offset + lengthBytes)
    return names.match(sliceBytes(this.#chunks, this.#locatedChunk, offset, lengthBytes), 0, lengthBytes)
  }

  #valueRange(): JsonRange {
    const { valueStart, valueEnd, valueFirstByte, insignificantBytes, numbers, strings } = this.#machine
    this.#locate(valueStart)
    return {
      type: typeOf(valueFirstByte),
      start: valueStart,
      end: valueEnd,
      chunkIndex: this.#locatedChunk,
      chunkOffset: valueStart - this.#locatedBase,
      insignificantBytes,
      numbers,
      strings,
    }
  }

  /** Keys and values are located in the order in which they stand in the body. */
  #locate(offset: number): void {
    for (;;) {
      const chunk = this.#chunks[this.#locatedChunk]!
      if (offset - this.#locatedBase < chunk.length) return
      this.#locatedBase += chunk.length
      this.#locatedChunk++
    }
  }
}
