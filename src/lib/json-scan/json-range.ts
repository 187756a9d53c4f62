/** Where a value of the top-level object stands in a body that arrived in chunks, and what the scan counted in it. */

export type JsonType = 'string' | 'number' | 'object' | 'array' | 'true' | 'false' | 'null'

/** Offsets are bytes from the start of the body, quotes and brackets included. */
export interface JsonRange {
  readonly type: JsonType
  readonly start: number
  readonly end: number
  /** Index of the chunk that holds the byte at `start`, so that readers need not search for it. */
  readonly chunkIndex: number
  /** Offset of that byte in the chunk. */
  readonly chunkOffset: number
  /** White space between tokens. 0: every byte of the range is significant. */
  readonly insignificantBytes: number
  /** Number tokens in the value, at any depth. */
  readonly numbers: number
  /** String tokens in the value, keys included, at any depth. An array with numbers and no strings is a list of token ids. */
  readonly strings: number
}

/** The same bytes without the quotes of a string or the outer brackets of an array or object; other values have nothing to take off. */
export function innerRange(range: JsonRange): JsonRange {
  if (range.type !== 'string' && range.type !== 'array' && range.type !== 'object') return range
  return { ...range, start: range.start + 1, end: range.end - 1, chunkOffset: range.chunkOffset + 1 }
}

/** The type of the value that begins with this byte. */
export function typeOf(firstByte: number): JsonType {
  switch (firstByte) {
    case 0x22:
      return 'string'
    case 0x7b:
      return 'object'
    case 0x5b:
      return 'array'
    case 0x74:
      return 'true'
    case 0x66:
      return 'false'
    case 0x6e:
      return 'null'
    default:
      return 'number'
  }
}
