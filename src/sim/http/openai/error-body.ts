/** Errors in the shape of vLLM's OpenAI server: `code` is the HTTP status. */
import type { ApiError } from '#/sim/http/api-error.ts'

const TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequestError'],
  [404, 'NotFoundError'],
  [500, 'InternalServerError'],
])

export function openAiErrorBody({ status, message, param }: ApiError): unknown {
  return { error: { message, type: TYPES.get(status) ?? 'BadRequestError', param: param ?? null, code: status } }
}
