/**
 * The one path of a request, steps 1 to 6, whatever edge it came through. Synchronous unless an unknown model has to be looked for first.
 * `docs/lifecycle.md` draws it with every exit.
 */
import { InferenceError } from '#/errors.ts'
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'
import type { RequestLimit } from '#/request/admit/request-limit.ts'
import { collectCandidates } from '#/request/candidates/collect-candidates.ts'
import { describeLack } from '#/request/candidates/describe-lack.ts'
import type { Decision, EdgeControl, Exchange, Queued } from '#/request/exchange.ts'
import { toRequestHeaders } from '#/request/forward/request-headers.ts'
import type { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { Pool } from '#/request/pool.ts'
import { findPool } from '#/request/resolve/find-pool.ts'
import type { ModelDirectory } from '#/request/resolve/find-pool.ts'
import { resolvePool } from '#/request/resolve/resolve-pool.ts'
import { RequestTicket } from '#/request/respond/ticket.ts'
import type { TicketContext } from '#/request/respond/ticket.ts'
import type { PickedEndpoint } from '#/request/respond/request-attempt.ts'
import type { Scheduler } from '#/request/schedule/scheduler.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { RequestMetrics } from '#/telemetry/request-metrics.ts'

export type { ModelDirectory } from '#/request/resolve/find-pool.ts'

export interface RequestRouterOptions {
  readonly clock: Clock
  readonly table: EndpointTable
  readonly models: ModelDirectory
  readonly pools: readonly Pool[]
  readonly scheduler: Scheduler
  readonly limit: RequestLimit
  readonly metrics: RequestMetrics
  /** See every attempt after the plugins did: scraper activity, statistics, metrics. */
  readonly observers: readonly AttemptHooks[]
  /** Step 1. */
  readonly parse: (exchange: Exchange) => PromptRequest
  /** Told of each scheduling decision: milliseconds spent and the slot picked, or -1. */
  readonly scheduled: (request: PromptRequest, durationMs: number, slot: number) => void
  /** A defect: anything thrown that is no InferenceError, and whatever an attempt's hook throws. */
  readonly failed: (requestId: string, cause: unknown) => void
}

export class RequestRouter {
  readonly #options: RequestRouterOptions
  readonly #candidates: Candidates
  readonly #contexts = new WeakMap<SchedulingGraph, TicketContext>()

  constructor(options: RequestRouterOptions) {
    this.#options = options
    this.#candidates = { slots: new Uint16Array(options.table.maxEndpoints), count: 0 }
  }

  route(exchange: Exchange, edge: EdgeControl): Decision | Queued {
    let request: PromptRequest | undefined
    try {
      request = this.#options.parse(exchange)
      const pool = resolvePool(this.#options, request.model, exchange.poolHint)
      const refusal = this.#options.limit.admit()
      if (refusal !== undefined) throw refusal
      return pool === undefined ? this.#lookForModel(exchange, request, edge) : this.#decide(exchange, request, pool, edge)
    } catch (error) {
      return this.#refuse(exchange, request, error)
    }
  }

  /** No endpoint is known to serve the model. A request that waits is in flight like any other: it holds its body, and a place. */
  #lookForModel(exchange: Exchange, request: PromptRequest, edge: EdgeControl): Queued {
    const { limit } = this.#options
    let state: 'waiting' | 'decided' | 'left' = 'waiting'
    const decide = async (): Promise<Decision> => {
      const [found] = await Promise.allSettled([findPool(this.#options, request.model, exchange.poolHint)])
      if (state === 'left') return { kind: 'refuse', error: new InferenceError('shutting_down', 'The request was given up.') }
      state = 'decided'
      try {
        if (found.status === 'fulfilled') return this.#decide(exchange, request, found.value, edge)
        limit.release()
        throw found.reason
      } catch (error) {
        return this.#refuse(exchange, request, error)
      }
    }
    return {
      decided: decide(),
      leave() {
        if (state !== 'waiting') return
        state = 'left'
        limit.release()
      },
    }
  }

  /** Steps 4 to 6 for a request that was admitted: its place is the ticket's from here on, or given back. */
  #decide(exchange: Exchange, request: PromptRequest, pool: Pool, edge: EdgeControl): Decision {
    const { limit, clock, table, models, scheduler, metrics, scheduled } = this.#options
    try {
      const startedAtMs = clock.nowMs()
      const candidates = this.#candidates
      const lack = collectCandidates(pool.slots, table, models, models.idOf(request.targetModel), exchange.subsetHint, candidates)
      if (lack !== undefined) throw new InferenceError('no_endpoints', describeLack(lack, pool, table))
      const { graph } = pool
      this.#prepare(graph, request)
      const result = scheduler.schedule(graph, request, candidates, 1 + edge.fallbacks)
      if (result === undefined) {
        scheduled(request, clock.nowMs() - startedAtMs, -1)
        throw new InferenceError('saturated', `The filters of pool ${pool.name} left none of its ${candidates.count} candidates.`)
      }
      const picked: PickedEndpoint[] = []
      for (let i = 0; i < result.count; i++) picked.push(this.#toPicked(graph, result.ranked[i]!))
      const legs = result.legs.map(({ slot, ...leg }) => ({ ...leg, picked: this.#toPicked(graph, slot) }))
      scheduled(request, clock.nowMs() - startedAtMs, picked[0]!.slot)
      metrics.routed(request)
      return {
        kind: 'forward',
        pool,
        endpoints: picked.map((pick) => pick.endpoint),
        legs: legs.map((leg) => ({ profile: leg.profile, endpoint: leg.picked.endpoint, release: leg.release })),
        headersFor: () => toRequestHeaders(request.requestId),
        body: { parts: request.body, lengthBytes: request.bodyBytes },
        ticket: new RequestTicket(this.#contextOf(graph), request, picked, legs),
      }
    } catch (error) {
      limit.release()
      throw error
    }
  }

  /** A producer must not fail the request: without its data the scorers decide by what else they know. */
  #prepare({ producers, prefixMatch }: SchedulingGraph, request: PromptRequest): void {
    for (const { plugin } of producers) {
      try {
        plugin.produce?.(request, this.#candidates)
      } catch (error) {
        this.#options.failed(request.requestId, error)
        // What was found for an earlier request is not this one's.
        if (prefixMatch !== undefined) prefixMatch.totalBlocks = prefixMatch.blockTokens = 0
      }
    }
  }

  #toPicked(graph: SchedulingGraph, slot: number): PickedEndpoint {
    const match = graph.prefixMatch
    return {
      endpoint: this.#options.table.at(slot)!.ref,
      slot,
      matchedBlocks: match?.blocks[slot] ?? 0,
      totalBlocks: match?.totalBlocks ?? 0,
      blockTokens: match?.blockTokens ?? 0,
    }
  }

  /** One context for all tickets of a graph: a reload leaves the requests in flight with the graph that they were made with. */
  #contextOf(graph: SchedulingGraph): TicketContext {
    const existing = this.#contexts.get(graph)
    if (existing !== undefined) return existing
    const { clock, table, observers, limit, metrics, failed } = this.#options
    const context: TicketContext = {
      clock,
      table,
      hooks: [...graph.hooks, ...observers],
      ended(request, cause, last, responseBytes) {
        limit.release()
        metrics.ended(request, cause, last, responseBytes, clock.nowMs())
      },
      failed,
    }
    this.#contexts.set(graph, context)
    return context
  }

  #refuse(exchange: Exchange, request: PromptRequest | undefined, error: unknown): Decision {
    request?.releasePrefix()
    let refusal: InferenceError
    if (error instanceof InferenceError) refusal = error
    else {
      this.#options.failed(exchange.requestId, error)
      refusal = new InferenceError('internal', 'Headgate failed to route the request.', { cause: error })
    }
    this.#options.metrics.refused(request, refusal.code)
    return { kind: 'refuse', error: refusal }
  }
}
