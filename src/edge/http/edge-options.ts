/** Everything that the HTTP edge is given: the request path behind it, the endpoints, the limits, and who watches. */
import type { LocalRoute } from '#/edge/http/routes.ts'
import type { HttpLimits } from '#/edge/http/limits.ts'
import type { Upstream, UpstreamFailure } from '#/edge/http/upstream.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'
import type { Decision, EdgeControl, Exchange, Queued } from '#/request/exchange.ts'
import type { EndCause } from '#/sdk/attempt.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

export interface Router {
  route(exchange: Exchange, edge: EdgeControl): Decision | Queued
}

/** One finished request, for an access log. Nothing of its content. */
export interface AccessRecord {
  readonly requestId: string
  readonly method: string
  /** Normalised, without the query; the target as sent where it could not be normalised. */
  readonly path: string
  /** 0 if the client left before it had an answer. */
  readonly status: number
  /** Address of the endpoint that answered, or of the last one tried. */
  readonly endpoint: string | undefined
  readonly requestBytes: number
  /** Of the body. */
  readonly responseBytes: number
  readonly durationMs: number
  /** From the request's head to the first byte of the endpoint's body; undefined if none came. */
  readonly ttftMs: number | undefined
  /** 'refused': Headgate answered with an error before any endpoint was involved. 'local': Headgate knew the answer. */
  readonly cause: EndCause | 'refused' | 'local'
}

export interface EdgeObserver {
  /** Costs nothing if absent. */
  readonly onAccess?: (record: AccessRecord) => void
  /** No connection to the endpoint could be made. */
  readonly onUnreachable?: (endpoint: EndpointRef, failure: UpstreamFailure) => void
  /** An endpoint broke off, timed out or did not speak HTTP. */
  readonly onEndpointFailure?: (endpoint: EndpointRef, failure: UpstreamFailure, requestId: string) => void
  /** Something threw that never should; the client got a 500 or a cut answer. */
  readonly onDefect?: (cause: unknown, requestId: string) => void
}

export interface HttpEdgeOptions {
  readonly router: Router
  readonly upstream: Upstream
  readonly endpointOf: (ref: EndpointRef) => Endpoint | undefined
  /** Paths that are routed to endpoints; they take POST. */
  readonly inferencePaths: readonly string[]
  readonly localRoutes: readonly LocalRoute[]
  readonly limits: HttpLimits
  readonly clock: Clock
  readonly observer: EdgeObserver
}
