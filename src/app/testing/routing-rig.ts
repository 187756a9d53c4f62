/** The gateway's whole routing in virtual time, with no socket: a test plays the clients, the endpoints and the scraper. */
import assert from 'node:assert/strict'
import { createRoutingCore } from '#/app/routing-core.ts'
import type { RoutingCore } from '#/app/routing-core.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import type { Decision, EdgeControl, Queued } from '#/request/exchange.ts'
import { FakeModels } from '#/request/testing/fake-models.ts'
import { EDGE, testExchange } from '#/request/testing/test-exchange.ts'
import type { TestExchangeOptions } from '#/request/testing/test-exchange.ts'
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { ColumnKey } from '#/sdk/data-key.ts'

export type Forward = Decision & { readonly kind: 'forward' }

export interface RoutingRigOptions {
  readonly seed?: number
  readonly maxRequests?: number
  readonly maxEndpoints?: number
  readonly observers?: readonly AttemptHooks[]
}

export class RoutingRig {
  readonly clock: VirtualClock = new VirtualClock()
  readonly models: FakeModels = new FakeModels()
  readonly defects: unknown[] = []
  readonly core: RoutingCore

  constructor(options: RoutingRigOptions = {}) {
    this.core = createRoutingCore({
      clock: this.clock,
      profile: 'default',
      maxEndpoints: options.maxEndpoints ?? 16,
      maxRequests: options.maxRequests ?? 1000,
      prefixIndexBytes: 4 * 1024 * 1024,
      seed: options.seed ?? 1,
      createModels: () => this.models,
      observers: options.observers ?? [],
      failed: (_requestId, cause) => this.defects.push(cause),
    })
  }

  /** A ready endpoint that lists these models. */
  join(name: string, ...models: string[]): Endpoint {
    const endpoint = this.core.table.add({ namespace: 'default', name, scheme: 'http', host: name, port: 8000, labels: {} })
    this.core.table.setReadiness(endpoint.ref, 'ready')
    this.models.set(endpoint.slot, models)
    return endpoint
  }

  joinMany(count: number): Endpoint[] {
    return Array.from({ length: count }, (_, i) => this.join(`e${i}`, 'm'))
  }

  /** What a scrape would bring. */
  scraped(key: ColumnKey, { slot }: Endpoint, value: number): void {
    const column = this.core.columns.column(key)
    column.values[slot] = value
    column.updatedAtMs[slot] = this.clock.nowMs()
  }

  wait(ms: number): void {
    this.clock.advanceTo(this.clock.nowMs() + ms)
  }

  route(options: TestExchangeOptions = {}, edge: EdgeControl = EDGE): Decision | Queued {
    return this.core.router.route(testExchange({ receivedAtMs: this.clock.nowMs(), ...options }), edge)
  }

  forward(options: TestExchangeOptions = {}, edge: EdgeControl = EDGE): Forward {
    const decision = this.route(options, edge)
    assert.ok('kind' in decision, 'the request waits')
    assert.ok(decision.kind === 'forward', decision.kind === 'refuse' ? decision.error.message : '')
    return decision
  }
}
