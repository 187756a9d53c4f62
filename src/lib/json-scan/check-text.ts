/** Checks the encoding of a body in chunks: UTF-8 throughout, a sequence cut by a chunk's end included. */
import { isUtf8 } from 'node:buffer'

/** Below this the first bad byte is looked for one by one. */
const SMALL_BYTES = 32

/** Offset of the first byte that does not begin a valid UTF-8 sequence, or -1 if all of them do. */
export function findInvalidUtf8(chunks: readonly Uint8Array[]): number {
  const cut = new Uint8Array(4)
