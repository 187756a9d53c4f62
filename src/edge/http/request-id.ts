/** The name of a request in logs, answers and at the endpoint: the client's own where it sent a usable one, else a new UUID. */
import { randomUUID } from 'node:crypto'
import type { ErrorShape } from '#/edge/http/error-response.ts'

/** Printable, without blanks: it stands in headers and log lines. */
const USABLE = /^[\x21-\x7e]{1,128}$/

export function toRequestId(fromClient: string | undefined): string {
  return fromClient !== undefined && USABLE.test(fromClient) ? fromClient : randomUUID()
}

/** What names the request in an answer. Anthropic's own client looks for another field than everybody else's. */
export function toRequestIdFields(requestId: string, shape: ErrorShape): (readonly [string, string])[] {
  const field: readonly [string, string] = ['x-request-id', requestId]
  return shape === 'anthropic' ? [field, ['request-id', requestId]] : [field]
}
