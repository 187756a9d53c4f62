/** The four forms of a prompt in the OpenAI APIs: a text, texts, token ids, or lists of token ids. */
import { ApiError } from '#/sim/http/api-error.ts'
import type { JsonFields } from '#/sim/http/json-fields.ts'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

const MAX_PROMPTS = 2048

/** The tokens of each prompt. Throws a 400 that names the field. */
export function readPrompts(body: JsonFields, field: string): Uint32Array[] {
  const value = body.required(field, body.value(field))
  const prompts: readonly unknown[] = Array.isArray(value) && !isTokenIds(value) ? value : [value]
  if (prompts.length > MAX_PROMPTS) {
    throw new ApiError(400, `\`${field}\` has ${prompts.length} prompts, more than ${MAX_PROMPTS}.`, field)
  }
  return prompts.map((prompt) => {
    if (typeof prompt === 'string') return tokenize([prompt])
    if (isTokenIds(prompt)) return Uint32Array.from(prompt)
    throw new ApiError(400, `\`${field}\` is neither text nor token ids.`, field)
  })
}

function isTokenIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((id) => Number.isInteger(id) && id >= 0 && id <= 0xffff_ffff)
}
