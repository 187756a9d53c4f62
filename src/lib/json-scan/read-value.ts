/** Decodes small values that a scan found: names, limits. */
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { sliceBytes } from '#/lib/json-scan/slice-bytes.ts'

/** The decoded text of a string value. */
export function readString(chunks: readonly Uint8Array[], range: JsonRange): string {
  return String(JSON.parse(textOf(chunks, range)))
}

/** A number value, as JSON.parse reads it: rounded to a double, infinite beyond its range. */
export function readNumber(chunks: readonly Uint8Array[], range: JsonRange): number {
  return Number(textOf(chunks, range))
}

function textOf(chunks: readonly Uint8Array[], range: JsonRange): string {
  const bytes = sliceBytes(chunks, range.chunkIndex, range.chunkOffset, range.end - range.start)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}
