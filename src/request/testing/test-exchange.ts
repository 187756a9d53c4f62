/** A request as an edge hands it over, made from what a test cares about. */
import type { EdgeControl, Exchange } from '#/request/exchange.ts'

export interface TestExchangeOptions extends Partial<Omit<Exchange, 'headers' | 'body' | 'bodyBytes'>> {
  /** JSON of an object, or the very bytes. */
  readonly body?: object | string | readonly Uint8Array[]
  /** Beside or in place of `content-type: application/json`. Names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export const CHAT = '/v1/chat/completions'

/** Ask for one endpoint only, unless a test says otherwise. */
export const EDGE: EdgeControl = { fallbacks: 0, evict() {} }

/** By default a chat completion of the model `m`. */
export function testExchange(options: TestExchangeOptions = {}): Exchange {
  const { body = chatBody('m', 'Hello'), headers, ...rest } = options
  const fields: Readonly<Record<string, string | undefined>> = { 'content-type': 'application/json', ...headers }
  const chunks = toChunks(body)
  return {
    requestId: 'req-1',
    receivedAtMs: 0,
    method: 'POST',
    path: CHAT,
    headers: { get: (name) => fields[name] },
    body: chunks,
    bodyBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    ...rest,
  }
}

export function chatBody(model: string, content: string, extra: object = {}): object {
  return { model, messages: [{ role: 'user', content }], ...extra }
}

function toChunks(body: object | string | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof body === 'string') return [Buffer.from(body)]
  return isChunks(body) ? body : [Buffer.from(JSON.stringify(body))]
}

function isChunks(body: object): body is readonly Uint8Array[] {
  return Array.isArray(body)
}
