/** Node's message objects with a place for the exchange, so that listeners can be shared functions instead of closures for each request. */
import { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpExchange } from '#/edge/http/exchange-adapter.ts'

export class EdgeRequest extends IncomingMessage {
  exchange: HttpExchange | undefined = undefined
}

export class EdgeResponse extends ServerResponse<EdgeRequest> {
  exchange: HttpExchange | undefined = undefined
}
