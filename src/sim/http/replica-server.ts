/** One simulated model server on a port: routes requests to its replica, injects faults, can be stopped and started again like a process. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createRng } from '#/lib/rng.ts'
import type { Engine } from '#/sim/engine/engine.ts'
import { ApiError } from '#/sim/http/api-error.ts'
import type { Dialect } from '#/sim/http/dialect.ts'
import { FaultInjector } from '#/sim/http/fault-injector.ts'
import type { Faults } from '#/sim/http/faults.ts'
import { HttpExchange } from '#/sim/http/http-exchange.ts'
import type { ReplicaOptions } from '#/sim/http/replica.ts'
import { Replica } from '#/sim/http/replica.ts'
import type { Route } from '#/sim/http/route.ts'

export interface ReplicaServerOptions extends ReplicaOptions {
  readonly dialect: Dialect
  readonly faults: Faults
  /** Differs between the replicas of a fleet, so that they do not fail in step. */
  readonly faultSeed: number
  readonly host: string
  /** 0: the system chooses; a restart takes the same one again. */
  readonly port: number
}

export class ReplicaServer implements AsyncDisposable {
  readonly #options: ReplicaServerOptions
  readonly #routes: ReadonlyMap<string, readonly Route[]>
  #port: number
  #replica: Replica
  #faults: FaultInjector
  #server: Server | undefined

  constructor(options: ReplicaServerOptions) {
    this.#options = options
    this.#routes = Map.groupBy(options.dialect.routes, ({ path }) => path)
    this.#port = options.port
    this.#replica = new Replica(options)
    this.#faults = this.#newFaults()
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    const { host } = this.#options
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`
  }

  /** Of the present life: a restart makes another one. */
  get engine(): Engine {
    return this.#replica.engine
  }

  get isListening(): boolean {
    return this.#server !== undefined
  }

  /** Listens; rejects with node's error if the port cannot be had. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer((request, response) => void this.#answer(request, response))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, this.#options.host, resolve)
    })
    const address = server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
    this.#server = server
  }

  /** Like the end of the process: everything in flight is dropped, the port is closed. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    this.#replica.engine.abortAll()
    server.closeAllConnections()
    await closed
  }

  /** A new life on the same port: empty cache, counters at zero, the adapters of the start. */
  async restart(): Promise<void> {
    await this.stop()
    this.#replica = new Replica(this.#options)
    this.#faults = this.#newFaults()
    await this.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #newFaults(): FaultInjector {
    return new FaultInjector(this.#options.faults, createRng(this.#options.faultSeed))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-sim-replica', this.#port)
    const path = (request.url ?? '').split('?', 1)[0]!
    const routes = this.#routes.get(path)
    const route = routes?.find(({ method }) => method === request.method)
    const fault = this.#faults.next(route?.kind ?? 'control')
    if (fault.kind === 'crash') return this.stop()
    const exchange = new HttpExchange(request, response, fault.resetMidway)
    if (fault.delayMs > 0) await new Promise<void>((resolve) => this.#options.clock.schedule(fault.delayMs, resolve))
    if (fault.kind === 'hang') return
    if (route === undefined) {
      if (routes !== undefined) response.setHeader('allow', routes.map(({ method }) => method).join(', '))
      exchange.sendJson(routes === undefined ? 404 : 405, { detail: routes === undefined ? 'Not Found' : 'Method Not Allowed' })
      return
    }
    await this.#handle(route, exchange, fault.kind === 'error')
  }

  async #handle(route: Route, exchange: HttpExchange, fails: boolean): Promise<void> {
    try {
      if (fails) throw new ApiError(500, 'The engine failed (simulated fault).')
      await route.handle(exchange, this.#replica)
    } catch (error) {
      // A client that left while its body was read is no error of anybody.
      if (exchange.isGone) return
      const refusal = error instanceof ApiError ? error : new ApiError(500, error instanceof Error ? error.message : String(error))
      exchange.sendJson(refusal.status, route.errorBody(refusal))
    }
  }
}
