/** Hands on the bytes of a value without the white space between its tokens, as spans of the chunks that they stand in. */
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { stringEnd } from '#/lib/json-scan/string-end.ts'

/** Takes `chunk[start..end)`, which is not empty. False: enough, no further span is wanted. */
export type AppendSpan = (chunk: Uint8Array, start: number, end: number) => boolean

/**
 * `range` comes from a scan of the same chunks, or from `innerRange`. Without insignificant white space it is one span a chunk. False if
 * `append` had enough.
 */
export function copySignificant(chunks: readonly Uint8Array[], range: JsonRange, append: AppendSpan): boolean {
  const copySpan = range.insignificantBytes === 0 ? append : createSqueezer(append)
  let remaining = range.end - range.start
  let offset = range.chunkOffset
  for (let index = range.chunkIndex; remaining > 0; index++) {
    const chunk = chunks[index]!
    const end = Math.min(chunk.length, offset + remaining)
    if (end > offset) {
      if (!copySpan(chunk, offset, end)) return false
      remaining -= end - offset
    }
    offset = Math.max(0, offset - chunk.length)
  }
  return true
}

/** Passes on what is not white space outside a string; where a piece ends is remembered for the next one. */
function createSqueezer(append: AppendSpan): AppendSpan {
  let isInString = false
  let escapedBytes = 0
  return (chunk, start, end) => {
    let spanStart = start
    let position = start + escapedBytes
    while (position < end) {
      if (isInString) {
        const next = stringEnd(chunk, position)
        isInString = next < 0
        position = isInString ? ~next : next
        continue
      }
      const byte = chunk[position]!
      if (byte > 0x20) {
        isInString = byte === 0x22
        position++
        continue
      }
      if (position > spanStart && !append(chunk, spanStart, position)) return false
      do position++
      while (position < end && chunk[position]! <= 0x20)
      spanStart = position
    }
    escapedBytes = position - end
    return end <= spanStart || append(chunk, spanStart, end)
  }
}
