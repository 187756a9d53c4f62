/** The upstream on undici: a pool of HTTP/1.1 connections for each endpoint, one request at a time on each of them. */
import { Pool } from 'undici'
import { UndiciFlight } from '#/edge/http/undici-flight.ts'
import type { Flight, RequestHead, ResponseSink, Upstream } from '#/edge/http/upstream.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

export interface UpstreamOptions {
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** From the request sent to the answer's head. An answer that is not streamed has its head after the whole generation. 0: no limit. */
  readonly responseTimeoutMs: number
  /** Longest pause within an answer. Time for which the client makes the answer wait does not count. 0: no limit. */
  readonly streamIdleTimeoutMs: number
  /** How long an idle connection is kept, where the endpoint names no time of its own. uvicorn closes after 5 s without saying so. */
  readonly keepAliveTimeoutMs: number
  /** Connections to one endpoint; a request beyond it waits for one of them. 0: no limit. */
  readonly maxConnectionsPerEndpoint: number
}

export const DEFAULT_UPSTREAM_OPTIONS: UpstreamOptions = {
  connectTimeoutMs: 5_000,
  responseTimeoutMs: 600_000,
  streamIdleTimeoutMs: 300_000,
  keepAliveTimeoutMs: 4_000,
  maxConnectionsPerEndpoint: 0,
}

export class UndiciUpstream implements Upstream {
  readonly #options: UpstreamOptions
  readonly #pools = new Map<EndpointRef, Pool>()
  /** Pools of forgotten endpoints that still have requests. */
  readonly #retiring = new Set<Pool>()

  constructor(options: Partial<UpstreamOptions> = {}) {
    this.#options = { ...DEFAULT_UPSTREAM_OPTIONS, ...options }
  }

  send(endpoint: Endpoint, head: RequestHead, body: readonly Uint8Array[], lengthBytes: number, sink: ResponseSink): Flight {
    const pool = this.#pools.get(endpoint.ref) ?? this.#open(endpoint)
    return new UndiciFlight(pool, head, body, lengthBytes, sink)
  }

  forget(endpoint: Endpoint): void {
    const pool = this.#pools.get(endpoint.ref)
    if (pool === undefined) return
    this.#pools.delete(endpoint.ref)
    this.#retiring.add(pool)
    pool.close(() => this.#retiring.delete(pool))
  }

  /** Cuts what is in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pools = [...this.#pools.values(), ...this.#retiring]
    this.#pools.clear()
    await Promise.all(pools.map((pool) => pool.destroy()))
  }

  #open(endpoint: Endpoint): Pool {
    const { connectTimeoutMs, responseTimeoutMs, streamIdleTimeoutMs, keepAliveTimeoutMs, maxConnectionsPerEndpoint } = this.#options
    const pool = new Pool(endpoint.origin, {
      connections: maxConnectionsPerEndpoint === 0 ? null : maxConnectionsPerEndpoint,
      pipelining: 1,
      allowH2: false,
      connectTimeout: connectTimeoutMs,
      headersTimeout: responseTimeoutMs,
      bodyTimeout: streamIdleTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
    })
    this.#pools.set(endpoint.ref, pool)
    return pool
  }
}
