/** Step 7: the fields that go to the endpoint with the request, beside those that the client sent. */
import type { HeaderPatch } from '#/request/exchange.ts'

export function toRequestHeaders(requestId: string): HeaderPatch {
  return { set: [['x-request-id', requestId]] }
}
