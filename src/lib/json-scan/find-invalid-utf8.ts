/** Checks that a body in chunks is UTF-8; a sequence that a chunk's end cuts in two is put together again. */
import { isUtf8 } from 'node:buffer'

/** Offset of the first byte that does not begin a whole, valid sequence, or -1 if every byte belongs to one. */
export function findInvalidUtf8(chunks: readonly Uint8Array[]): number {
  let base = 0
  let cut: Uint8Array | undefined
  let cutLength = 0
  for (const chunk of chunks) {
    let from = 0
    if (cut !== undefined) {
      while (from < chunk.length && cutLength < cut.length) cut[cutLength++] = chunk[from++]!
      if (cutLength === cut.length) {
        if (!isUtf8(cut)) return base + from - cut.length
        cut = undefined
      }
    }
    const to = Math.max(from, wholeSequencesEnd(chunk))
    const whole = from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to)
    if (!isUtf8(whole)) return base + from + firstInvalid(whole)
    if (to < chunk.length) {
      cut = new Uint8Array(sequenceLength(chunk[to]!))
      cut.set(chunk.subarray(to))
      cutLength = chunk.length - to
    }
    base += chunk.length
  }
  return cut === undefined ? -1 : base - cutLength
}

/** Offset of the sequence that the chunk's end cuts, or the chunk's length. */
function wholeSequencesEnd(chunk: Uint8Array): number {
  const { length } = chunk
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = chunk[length - back]!
    if (isContinuation(byte)) continue
    return sequenceLength(byte) > back ? length - back : length
  }
  return length
}

/** By its first byte alone; bytes that begin no sequence count as one. */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** Halves bytes that are known to be invalid somewhere, until the first bad sequence stands alone. */
function firstInvalid(bytes: Uint8Array): number {
  let start = 0
  let end = bytes.length
  while (end - start > 8) {
    let middle = (start + end) >>> 1
    for (let back = 0; back < 3 && isContinuation(bytes[middle]!); back++) middle--
    if (isUtf8(bytes.subarray(start, middle))) start = middle
    else end = middle
  }
  while (start < end) {
    const next = start + sequenceLength(bytes[start]!)
    if (!isUtf8(bytes.subarray(start, next))) break
    start = next
  }
  return start
}
