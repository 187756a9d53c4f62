/** The bytes of a short piece of a chunked body in one array. */

/** A view where the piece lies in one chunk, else a copy: meant for keys and small values. */
export function sliceBytes(chunks: readonly Uint8Array[], chunkIndex: number, chunkOffset: number, lengthBytes: number): Uint8Array {
  const first = chunks[chunkIndex]!
  if (chunkOffset + lengthBytes <= first.length) return first.subarray(chunkOffset, chunkOffset + lengthBytes)
  const bytes = new Uint8Array(lengthBytes)
  let filled = 0
  let offset = chunkOffset
  for (let index = chunkIndex; filled < lengthBytes; index++) {
    const chunk = chunks[index]!
    const piece = chunk.subarray(offset, Math.min(chunk.length, offset + lengthBytes - filled))
    bytes.set(piece, filled)
    filled += piece.length
    offset = Math.max(0, offset - chunk.length)
  }
  return bytes
}
