/** A path that a simulated server answers. A dialect (dialect.ts) is a list of them. */
import type { ApiError } from '#/sim/http/api-error.ts'
import type { HttpExchange } from '#/sim/http/http-exchange.ts'
import type { Replica } from '#/sim/http/replica.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Which faults strike here. */
  readonly kind: 'inference' | 'metrics' | 'control'
  /** The body of an error on this path. */
  errorBody(error: ApiError): unknown
  /** Throws an ApiError for what is refused. */
  handle(exchange: HttpExchange, replica: Replica): void | Promise<void>
}
