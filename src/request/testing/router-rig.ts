/** A request router over pools, endpoints and models that a test sets by hand, with everything recorded that it tells anybody. */
import assert from 'node:assert/strict'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { ErrorCode } from '#/errors.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'
import { RequestLimit } from '#/request/admit/request-limit.ts'
import type { Decision, EdgeControl, Exchange, Queued } from '#/request/exchange.ts'
import { API_ROUTES } from '#/request/parse/api-routes.ts'
import { parseRequest } from '#/request/parse/parse-request.ts'
import { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { Pool } from '#/request/pool.ts'
import { RequestRouter } from '#/request/request-router.ts'
import { createScheduler } from '#/request/schedule/scheduler.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import { FakeModels } from '#/request/testing/fake-models.ts'
import { EDGE } from '#/request/testing/test-exchange.ts'
import type { Attempt, AttemptHooks } from '#/sdk/attempt.ts'
import { RequestLabels } from '#/telemetry/label-values.ts'
import { Metrics } from '#/telemetry/metrics.ts'
import { RequestMetrics } from '#/telemetry/request-metrics.ts'

export type Forward = Decision & { readonly kind: 'forward' }
export type Refusal = Decision & { readonly kind: 'refuse' }

const MAX_ENDPOINTS = 32

export class RouterRig {
  readonly clock: VirtualClock = new VirtualClock()
  readonly table: EndpointTable = new EndpointTable(new ColumnStore(MAX_ENDPOINTS))
  readonly models: FakeModels = new FakeModels()
  readonly limit: RequestLimit
  readonly metrics: Metrics = new Metrics()
  readonly requestMetrics: RequestMetrics = new RequestMetrics(this.metrics, new RequestLabels((model) => this.models.idOf(model) >= 0))
  /** What `failed` was told: request id and message. */
  readonly defects: string[] = []
  /** Slots of the decisions, -1 for one that came to nothing. */
  readonly scheduled: number[] = []
  /** Attempts that observers saw begin and not end. */
  readonly open: Set<Attempt> = new Set()
  readonly router: RequestRouter

  constructor(pools: readonly Pool[], maxRequests = 1000) {
    this.limit = new RequestLimit(maxRequests)
    const scanner = new JsonScanner()
    const hasher = new BlockHasher()
    const observer: AttemptHooks = {
      attemptSent: (attempt) => this.open.add(attempt),
      attemptEnded: (attempt) => assert.ok(this.open.delete(attempt)),
    }
    this.router = new RequestRouter({
      clock: this.clock,
      table: this.table,
      models: this.models,
      pools,
      scheduler: createScheduler(MAX_ENDPOINTS, () => {}),
      limit: this.limit,
      metrics: this.requestMetrics,
      observers: [observer, this.requestMetrics],
      parse(exchange) {
        const route = API_ROUTES.find(({ path }) => path === exchange.path)
        return new PromptRequest(exchange, parseRequest(exchange, route!, scanner), hasher)
      },
      scheduled: (_request, _durationMs, slot) => this.scheduled.push(slot),
      failed: (requestId, cause) => this.defects.push(`${requestId}: ${cause instanceof Error ? cause.message : String(cause)}`),
    })
  }

  /** A ready endpoint at `name:8000` that lists these models; with none it never gave a list. */
  join(pool: Pool, name: string, ...models: string[]): Endpoint {
    const endpoint = this.table.add({ namespace: 'default', name, scheme: 'http', host: name, port: 8000, labels: {} })
    this.table.setReadiness(endpoint.ref, 'ready')
    pool.slots = Uint16Array.from([...pool.slots, endpoint.slot])
    if (models.length > 0) this.models.set(endpoint.slot, models)
    return endpoint
  }

  route(exchange: Exchange, edge: EdgeControl = EDGE): Decision {
    const answer = this.router.route(exchange, edge)
    assert.ok('kind' in answer, 'the request waits')
    return answer
  }

  forward(exchange: Exchange, edge: EdgeControl = EDGE): Forward {
    const decision = this.route(exchange, edge)
    assert.ok(decision.kind === 'forward', decision.kind === 'refuse' ? decision.error.message : '')
    return decision
  }

  refuse(exchange: Exchange, code: ErrorCode): Refusal['error'] {
    const decision = this.route(exchange)
    assert.ok(decision.kind === 'refuse', 'the request was not refused')
    assert.equal(decision.error.code, code, decision.error.message)
    return decision.error
  }

  wait(exchange: Exchange, edge: EdgeControl = EDGE): Queued {
    const answer = this.router.route(exchange, edge)
    assert.ok('decided' in answer, 'the request does not wait')
    return answer
  }

  /** Nothing is counted for anybody any more. */
  assertIdle(): void {
    assert.equal(this.limit.inFlight, 0, 'requests in flight')
    assert.equal(this.requestMetrics.runningCount, 0, 'running requests')
    assert.equal(this.open.size, 0, 'open attempts')
    for (const { slot, name } of this.table.all()) assert.equal(this.table.pinsOf(slot), 0, `pins of ${name}`)
  }
}

/** A pool without endpoints. Its graph takes the candidates in their order, `parts` replaced. */
export function testPool(name = 'default/p', parts: Partial<SchedulingGraph> = {}): Pool {
  return { name, slots: new Uint16Array(0), graph: testGraph(parts) }
}

export function testGraph(parts: Partial<SchedulingGraph> = {}): SchedulingGraph {
  return {
    profiles: new Map([['default', testProfile('default')]]),
    handler: {
      next: (_request, results) => (results.length === 0 ? 'default' : undefined),
      finish: (_request, results) => ({ main: results[0]!, legs: [] }),
    },
    producers: [],
    hooks: [],
    consumed: new Set(),
    prefixMatch: undefined,
    ...parts,
  }
}

type Profile = SchedulingGraph['profiles'] extends ReadonlyMap<string, infer P> ? P : never

/** Ranks the candidates as they come, or the other way round. */
export function testProfile(name: string, options: { readonly isReversed?: boolean; readonly filters?: Profile['filters'] } = {}): Profile {
  return {
    name,
    filters: options.filters ?? [],
    scorers: [],
    picker: {
      name: 'in-order',
      plugin: {
        maxNumOfEndpoints: 1,
        pick(_request, { slots, count }, _total, ranked) {
          const order = [...slots.subarray(0, count)]
          if (options.isReversed === true) order.reverse()
          const wanted = Math.min(count, ranked.length)
          ranked.set(order.slice(0, wanted))
          return wanted
        },
      },
    },
  }
}
