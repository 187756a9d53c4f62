/** The edge on a port of its own in front of endpoints that the test plays by hand, with everything recorded that it tells anybody. */
import type { AccessRecord, HttpEdgeOptions } from '#/edge/http/edge-options.ts'
import { DEFAULT_HTTP_LIMITS } from '#/edge/http/limits.ts'
import type { HttpLimits } from '#/edge/http/limits.ts'
import type { LocalRoute } from '#/edge/http/routes.ts'
import { HttpEdge } from '#/edge/http/server.ts'
import { RecordingTicket } from '#/edge/http/testing/recording-ticket.ts'
import { WireEndpoint } from '#/edge/http/testing/wire-endpoint.ts'
import { Wire } from '#/edge/http/testing/wire.ts'
import { UndiciUpstream } from '#/edge/http/undici-upstream.ts'
import type { UpstreamOptions } from '#/edge/http/undici-upstream.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { systemClock } from '#/lib/clock.ts'
import type { Clock } from '#/lib/clock.ts'
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'
import type { Decision, EdgeControl, Exchange, HeaderPatch, Queued, ResponsePlan } from '#/request/exchange.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

export interface RigOptions {
  readonly limits?: Partial<HttpLimits>
  readonly upstream?: Partial<UpstreamOptions>
  readonly clock?: Clock
  /** 0 unless told. */
  readonly port?: number
  readonly localRoutes?: readonly LocalRoute[]
  readonly plan?: ResponsePlan
  /** In place of forwarding to every endpoint in order. */
  readonly route?: (exchange: Exchange, edge: EdgeControl, rig: EdgeRig) => Decision | Queued
}

export class EdgeRig implements AsyncDisposable {
  readonly table: EndpointTable = new EndpointTable(new ColumnStore(16))
  readonly refs: EndpointRef[] = []
  readonly endpoint: WireEndpoint
  readonly tickets: RecordingTicket[] = []
  readonly exchanges: Exchange[] = []
  readonly records: AccessRecord[] = []
  readonly unreachable: EndpointRef[] = []
  readonly defects: unknown[] = []
  readonly #plan: ResponsePlan | undefined
  readonly #upstream: UndiciUpstream
  #edge: HttpEdge | undefined
  #recordWaiters: (() => void)[] = []

  private constructor(endpoint: WireEndpoint, options: RigOptions) {
    this.endpoint = endpoint
    this.#plan = options.plan
    this.#upstream = new UndiciUpstream(options.upstream)
  }

  static async start(options: RigOptions = {}): Promise<EdgeRig> {
    const endpoint = await WireEndpoint.listen()
    const rig = new EdgeRig(endpoint, options)
    rig.addEndpoint(endpoint.port)
    const edgeOptions: HttpEdgeOptions = {
      router: {
        route: (exchange, edge) => {
          rig.exchanges.push(exchange)
          return options.route === undefined ? rig.forward(exchange) : options.route(exchange, edge, rig)
        },
      },
      upstream: rig.#upstream,
      endpointOf: (ref) => rig.table.get(ref),
      inferencePaths: ['/v1/chat/completions', '/v1/messages'],
      localRoutes: options.localRoutes ?? [],
      limits: { ...DEFAULT_HTTP_LIMITS, ...options.limits },
      clock: options.clock ?? systemClock,
      observer: {
        onAccess: (record) => {
          rig.records.push(record)
          for (const waiter of rig.#recordWaiters.splice(0)) waiter()
        },
        onUnreachable: (ref) => rig.unreachable.push(ref),
        onDefect: (cause) => rig.defects.push(cause),
      },
    }
    rig.#edge = await HttpEdge.listen(edgeOptions, '127.0.0.1', options.port ?? 0).catch(async (error: unknown) => {
      await endpoint[Symbol.asyncDispose]()
      throw error
    })
    return rig
  }

  get edge(): HttpEdge {
    return this.#edge!
  }

  get port(): number {
    return this.edge.address.port
  }

  addEndpoint(port: number): EndpointRef {
    const name = `endpoint-${this.refs.length}`
    const { ref } = this.table.add({ namespace: 'test', name, scheme: 'http', host: '127.0.0.1', port, labels: {} })
    this.refs.push(ref)
    return ref
  }

  /** The decision that the built-in router takes. */
  forward(exchange: Exchange, endpoints: readonly EndpointRef[] = this.refs, patch: HeaderPatch = { set: [] }): Decision {
    const ticket = new RecordingTicket(this.#plan)
    this.tickets.push(ticket)
    return {
      kind: 'forward',
      pool: { name: 'test/pool', slots: new Uint16Array(0), graph: EMPTY_GRAPH },
      endpoints,
      legs: [],
      headersFor: () => patch,
      body: { parts: exchange.body, lengthBytes: exchange.bodyBytes },
      ticket,
    }
  }

  open(): Promise<Wire> {
    return Wire.open(this.port)
  }

  /** Sends the bytes and hands back all that comes until the connection closes. */
  async talk(...lines: string[]): Promise<string> {
    using client = await this.open()
    client.send(...lines)
    return await client.rest()
  }

  /** The record of the nth request to finish, from 0. */
  async record(index = 0): Promise<AccessRecord> {
    while (this.records[index] === undefined) await new Promise<void>((resolve) => this.#recordWaiters.push(resolve))
    return this.records[index]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.edge[Symbol.asyncDispose]()
    await this.#upstream[Symbol.asyncDispose]()
    await this.endpoint[Symbol.asyncDispose]()
  }
}

const EMPTY_GRAPH: SchedulingGraph = {
  profiles: new Map(),
  handler: { next: () => undefined, finish: () => ({ main: { profile: '', ranked: new Uint16Array(0), count: 0 }, legs: [] }) },
  producers: [],
  hooks: [],
  consumed: new Set(),
  prefixMatch: undefined,
}

/** A POST of `body` with a content-length. */
export function post(body: string, ...extraLines: string[]): string {
  const length = `content-length: ${Buffer.byteLength(body, 'latin1')}`
  return ['POST /v1/chat/completions HTTP/1.1', 'host: test', length, ...extraLines, '', body].join('\r\n')
}

/** An answer of `body` with a content-length. */
export function ok(body: string, ...extraLines: string[]): string {
  return ['HTTP/1.1 200 OK', `content-length: ${body.length}`, ...extraLines, '', body].join('\r\n')
}
