/**
 * Text as tokens without a tokenizer: every 4 bytes of UTF-8 are a token, and its id is those bytes. Each piece starts a new token, so that a
 * message has the same tokens wherever it stands, as under a real chat template.
 */

/** Bytes of a token; generated text is ASCII, so also its characters. */
export const TOKEN_BYTES = 4

export function tokenize(pieces: readonly string[]): Uint32Array {
  const encoded = pieces.map((piece) => Buffer.from(piece, 'utf8'))
  const tokens = new Uint32Array(encoded.reduce((sum, bytes) => sum + Math.ceil(bytes.length / TOKEN_BYTES), 0))
  let next = 0
  for (const bytes of encoded) {
    const whole = bytes.length - (bytes.length % TOKEN_BYTES)
    for (let at = 0; at < whole; at += TOKEN_BYTES) tokens[next++] = bytes.readUInt32LE(at)
    if (whole < bytes.length) tokens[next++] = bytes.readUIntLE(whole, bytes.length - whole)
  }
  return tokens
}
