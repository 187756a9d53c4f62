/** Errors in the shape of the Anthropic API. */
import type { ApiError } from '#/sim/http/api-error.ts'

const TYPES: ReadonlyMap<number, string> = new Map([
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [500, 'api_error'],
])

export function anthropicErrorBody({ status, message }: ApiError): unknown {
  return { type: 'error', error: { type: TYPES.get(status) ?? 'invalid_request_error', message } }
}
