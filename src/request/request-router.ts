/**
 * The one path of a request, steps 1 to 6, whatever edge it came through. Synchronous unless an unknown model has to be looked for first.
 * `docs/lifecycle.md` draws it with every exit.
 */
import { InferenceError } from '#/errors.ts'
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'
import { nearestNames } from '#/lib/nearest-name.ts'
import type { RequestLimit } from '#/request/admit/request-limit.ts'
import { collectCandidates } from '#/request/candidates/collect-candidates.ts'
import type { ServedModels } from '#/request/candidates/collect-candidates.ts'
import type { Decision, EdgeControl, Exchange, Queued } from '#/request/exchange.ts'
import { toRequestHeaders } from '#/request/forward/request-headers.ts'
import type { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { Pool } from '#/request/pool.ts'
import { resolvePool } from '#/request/resolve/resolve-pool.ts'
import { RequestTicket } from '#/request/respond/ticket.ts'
import type { TicketContext } from '#/request/respond/ticket.ts'
import type { PickedEndpoint } from '#/request/respond/request-attempt.ts'
import type { Scheduler } from '#/request/schedule/scheduler.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { RequestMetrics } from '#/telemetry/request-metrics.ts'

/** The model catalogue, as far as the request path needs it. */
export interface ModelDirectory extends ServedModels {
  /** 'unknown' only once every ready endpoint of the slots was asked since the name first came up. */
  confirmUnknown(model: string, slots: Uint16Array): Promise<'unknown' | 'found' | 'unreadable'>
  /** What the ready ones of the slots serve. */
  list(slots: Iterable<number>): readonly { readonly id: string }[]
}

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
  /** A defect: anything thrown that is no InferenceError. */
  readonly failed: (exchange: Exchange, cause: unknown) => void
}

const NEAREST_NAMES = 3

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
      const pool = this.#resolve(request, exchange)
      if (pool !== undefined) return this.#decide(exchange, request, pool, edge)
      return this.#lookForModel(exchange, request, edge)
    } catch (error) {
      return this.#refuse(exchange, request, error)
    }
  }

  /** Undefined: no endpoint is known to serve the model. */
  #resolve(request: PromptRequest, exchange: Exchange): Pool | undefined {
    const { models, pools } = this.#options
    const modelId = models.idOf(request.model)
    const pool = resolvePool(pools, exchange.poolHint, models, modelId)
    if (pool === undefined) return undefined
    const isPossible = pool.slots.length === 0 || pool.slots.some((slot) => (modelId >= 0 && models.serves(slot, modelId)) || models.isOpen(slot))
    return isPossible ? pool : undefined
  }

  #lookForModel(exchange: Exchange, request: PromptRequest, edge: EdgeControl): Queued {
    let hasLeft = false
    const decide = async (): Promise<Decision> => {
      try {
        const verdict = await this.#options.models.confirmUnknown(request.model, this.#allSlots())
        if (hasLeft) return { kind: 'refuse', error: new InferenceError('shutting_down', 'The request was given up.') }
        const pool = this.#resolve(request, exchange)
        if (pool !== undefined) return this.#decide(exchange, request, pool, edge)
        throw verdict === 'unknown' ? this.#unknownModel(request.model) : unreadableModels(request.model)
      } catch (error) {
        return this.#refuse(exchange, request, error)
      }
    }
    return {
      decided: decide(),
      leave() {
        hasLeft = true
      },
    }
  }

  #decide(exchange: Exchange, request: PromptRequest, pool: Pool, edge: EdgeControl): Decision {
    const { limit, clock, table, models, scheduler, metrics, scheduled } = this.#options
    const refusal = limit.admit()
    if (refusal !== undefined) throw refusal
    try {
      const startedAtMs = clock.nowMs()
      const candidates = this.#candidates
      const lack = collectCandidates(pool.slots, table, models, models.idOf(request.targetModel), exchange.subsetHint, candidates)
      if (lack !== undefined) throw new InferenceError('no_endpoints', describeLack(lack, pool, table))
      const { graph } = pool
      for (const producer of graph.producers) producer.plugin.produce?.(request, candidates)
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
    const { clock, table, observers, limit, metrics } = this.#options
    const context: TicketContext = {
      clock,
      table,
      hooks: [...graph.hooks, ...observers],
      ended(request, cause, last, responseBytes) {
        limit.release()
        metrics.ended(request, cause, last, responseBytes, clock.nowMs())
      },
    }
    this.#contexts.set(graph, context)
    return context
  }

  #refuse(exchange: Exchange, request: PromptRequest | undefined, error: unknown): Decision {
    request?.releasePrefix()
    let refusal: InferenceError
    if (error instanceof InferenceError) refusal = error
    else {
      this.#options.failed(exchange, error)
      refusal = new InferenceError('internal', 'Headgate failed to route the request.', { cause: error })
    }
    this.#options.metrics.refused(request, refusal.code)
    return { kind: 'refuse', error: refusal }
  }

  #allSlots(): Uint16Array {
    const { pools } = this.#options
    return pools.length === 1 ? pools[0]!.slots : Uint16Array.from(new Set(pools.flatMap((pool) => [...pool.slots])))
  }

  #unknownModel(model: string): InferenceError {
    const nearest = nearestNames(
      model,
      this.#options.models.list(this.#allSlots()).map(({ id }) => id),
      NEAREST_NAMES,
    )
    const hint = nearest.length === 0 ? 'No endpoint lists any model.' : `Nearest: ${nearest.join(', ')}. GET /v1/models lists them all.`
    return new InferenceError('model_not_found', `The model \`${model}\` does not exist. ${hint}`, { param: 'model' })
  }
}

function unreadableModels(model: string): InferenceError {
  return new InferenceError('models_unavailable', `No endpoint is known to serve \`${model}\`, and not all of them could be asked. Try again.`, {
    param: 'model',
  })
}

function describeLack(lack: string, pool: Pool, table: EndpointTable): string {
  const members = [...pool.slots].map((slot) => table.at(slot)).filter((endpoint) => endpoint !== undefined)
  if (members.length === 0) return `Pool ${pool.name} has no endpoints.`
  if (lack === 'none-in-subset') return `None of the endpoints that the data plane allows is ready in pool ${pool.name}.`
  const states = members.slice(0, 5).map((endpoint) => `${endpoint.address} ${endpoint.readiness}`)
  const more = members.length > states.length ? `, and ${members.length - states.length} more` : ''
  return `No endpoint of pool ${pool.name} is ready for this model: ${states.join(', ')}${more}.`
}
