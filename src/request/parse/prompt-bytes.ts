/**
 * The prompt as bytes to be hashed: the raw JSON of tools, system and messages, prompt or input, in this order wherever they stand in the body,
 * without insignificant white space. Escapes stay as they are, and outer brackets and quotes are left out, so that a conversation that goes on
 * only adds bytes at the end.
 */
import { copySignificant } from '#/lib/json-scan/copy-significant.ts'
import type { AppendSpan } from '#/lib/json-scan/copy-significant.ts'
import { innerRange } from '#/lib/json-scan/json-range.ts'
import type { JsonRange } from '#/lib/json-scan/json-range.ts'

/** In the order in which they are hashed; undefined where the body has none. */
export type PromptFields = readonly [tools: JsonRange | undefined, system: JsonRange | undefined, prompt: JsonRange | undefined]

const TOKEN_BYTES = 4

/** Cannot stand in a JSON text, so the fields cannot run into each other. */
const SEPARATOR = new Uint8Array([0])

/** Hands the bytes on span by span until `append` has enough; nothing at all for a request without a prompt. */
export function appendPrompt(chunks: readonly Uint8Array[], fields: PromptFields, append: AppendSpan): void {
  if (fields.every((field) => field === undefined)) return
  for (const field of fields) {
    if (!append(SEPARATOR, 0, 1)) return
    if (field !== undefined && !copySignificant(chunks, hashedRange(field), append)) return
  }
}

/** Tokens of the prompt: token ids are counted, everything else is taken at 4 bytes a token. */
export function estimateTokens(fields: PromptFields): number {
  let bytes = 0
  let tokenIds = 0
  for (const field of fields) {
    if (field === undefined) continue
    if (field.type === 'array' && field.strings === 0 && field.numbers > 0) tokenIds += field.numbers
    else {
      const { start, end, insignificantBytes } = hashedRange(field)
      bytes += end - start - insignificantBytes
    }
  }
  return tokenIds + Math.ceil(bytes / TOKEN_BYTES)
}

function hashedRange(field: JsonRange): JsonRange {
  return field.type === 'string' || field.type === 'array' ? innerRange(field) : field
}
