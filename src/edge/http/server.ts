/** The HTTP edge: accepts connections, makes an exchange of each request, and ends in order. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { answerBare } from '#/edge/http/bare-answer.ts'
import { toClientError } from '#/edge/http/client-error.ts'
import type { HttpEdgeOptions } from '#/edge/http/edge-options.ts'
import { HttpExchange } from '#/edge/http/exchange-adapter.ts'
import type { EdgeContext } from '#/edge/http/exchange-adapter.ts'
import type { HttpLimits } from '#/edge/http/limits.ts'
import { EdgeRequest, EdgeResponse } from '#/edge/http/node-messages.ts'
import { RouteTable } from '#/edge/http/routes.ts'
import { InferenceError } from '#/errors.ts'
import type { TimerHandle } from '#/lib/clock.ts'

/** How often limits of time are looked at; they end up to this much late. */
const SWEEP_MS = 1_000

const BACKLOG = 2_048
const TCP_KEEP_ALIVE_MS = 60_000

type EdgeServer = Server<typeof EdgeRequest, typeof EdgeResponse>

export class HttpEdge implements AsyncDisposable {
  readonly #server: EdgeServer
  readonly #context: EdgeContext
  readonly #exchanges = new Set<HttpExchange>()
  #stopped: Promise<void> | undefined
  /** Settles a drain once the last exchange is gone. */
  #drained: (() => void) | undefined
  #sweeper: TimerHandle

  private constructor(options: HttpEdgeOptions) {
    this.#context = {
      ...options,
      routes: new RouteTable(options.inferencePaths, options.localRoutes),
      exchanges: this.#exchanges,
      isDraining: false,
      exchangeGone: () => {
        if (this.#drained !== undefined && this.#exchanges.size === 0) this.#drained()
      },
    }
    this.#server = createEdgeServer(options.limits)
    const begin = (request: EdgeRequest, response: EdgeResponse, expectsContinue: boolean): void => {
      const exchange = new HttpExchange(this.#context, request, response)
      request.exchange = exchange
      response.exchange = exchange
      request.on('data', onData)
      request.on('end', onEnd)
      response.on('drain', onDrain)
      response.on('close', onClose)
      exchange.begin(expectsContinue)
    }
    this.#server.on('request', (request, response) => begin(request, response, false))
    this.#server.on('checkContinue', (request, response) => begin(request, response, true))
    this.#server.on('checkExpectation', (request, response) => begin(request, response, false))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#clientFailed(error, socket))
    this.#server.on('connect', (_request, socket) => this.#refuseTunnel(socket))
    this.#sweeper = options.clock.schedule(SWEEP_MS, () => this.#sweep())
  }

  /** Rejects with node's listen error, which has `code`, `address` and `port`. Port 0: the system chooses. */
  static listen(options: HttpEdgeOptions, host: string, port: number): Promise<HttpEdge> {
    const edge = new HttpEdge(options)
    const server = edge.#server
    return new Promise((resolve, reject) => {
      const onError = (cause: Error): void => {
        edge.#sweeper.cancel()
        reject(cause)
      }
      server.once('error', onError)
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', onError)
        resolve(edge)
      })
    })
  }

  get address(): AddressInfo {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the edge does not listen')
    return address
  }

  /**
   * Accepts no connection more, refuses what comes on open ones and what still waits, and lets answers in flight finish; those that take
   * longer than `deadlineMs` are cut. Settles when every connection is closed.
   */
  drain({ deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs)
    return this.#stopped
  }

  /** Cuts what is in flight. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.isDraining = true
    this.#abandonAll()
    this.#drained?.()
    await this.drain({ deadlineMs: 0 })
  }

  async #stop(deadlineMs: number): Promise<void> {
    const server = this.#server
    this.#context.isDraining = true
    // Unlike http.Server.close, this leaves idle connections open: a request that is already on its way gets an answer instead of a reset.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
    for (const exchange of this.#exchanges) exchange.drain()
    await this.#waitForExchanges(deadlineMs)
    this.#abandonAll()
    this.#sweeper.cancel()
    // Also ends node's own timer, which looks for late heads.
    server.close(() => {})
    server.closeAllConnections()
    await closed
  }

  #waitForExchanges(deadlineMs: number): Promise<void> {
    if (this.#exchanges.size === 0 || deadlineMs === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#context.clock.schedule(deadlineMs, resolve)
      this.#drained = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  #abandonAll(): void {
    for (const exchange of this.#exchanges) exchange.abandon()
  }

  #sweep(): void {
    const { clock } = this.#context
    const nowMs = clock.nowMs()
    for (const exchange of this.#exchanges) exchange.sweep(nowMs)
    this.#sweeper = clock.schedule(SWEEP_MS, () => this.#sweep())
  }

  /** The parser, or one of node's time limits, gave up on what the client sends. Comes again for every further byte. */
  #clientFailed(cause: NodeJS.ErrnoException, socket: Duplex): void {
    const { limits, clock } = this.#context
    const error = toClientError(cause, limits)
    if (error === undefined) socket.destroy()
    else if (this.#findExchange(socket)?.clientFailed(error) !== true) answerBare(socket, error, clock)
  }

  /** The oldest exchange of a connection: the one whose answer is due. */
  #findExchange(socket: Duplex): HttpExchange | undefined {
    for (const exchange of this.#exchanges) if (exchange.isOn(socket)) return exchange
    return undefined
  }

  #refuseTunnel(socket: Duplex): void {
    const error = new InferenceError('method_not_allowed', 'This is no proxy for CONNECT.')
    answerBare(socket, error, this.#context.clock, ['allow', 'GET, HEAD, OPTIONS, POST'])
  }
}

function createEdgeServer(limits: HttpLimits): EdgeServer {
  const server = createServer<typeof EdgeRequest, typeof EdgeResponse>({
    IncomingMessage: EdgeRequest,
    ServerResponse: EdgeResponse,
    insecureHTTPParser: false,
    // Checked with the rest of the head, so that the refusal has the same shape as every other.
    requireHostHeader: false,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headerTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(SWEEP_MS, limits.headerTimeoutMs),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  })
  server.maxConnections = limits.maxConnections
  // The number of fields is bounded by their bytes. Node's own bound would hide the last ones from every check.
  server.maxHeadersCount = 0
  return server
}

function onData(this: EdgeRequest, chunk: Buffer): void {
  this.exchange!.received(chunk)
}

function onEnd(this: EdgeRequest): void {
  this.exchange!.receivedAll()
}

function onDrain(this: EdgeResponse): void {
  this.exchange!.drained()
}

function onClose(this: EdgeResponse): void {
  this.exchange!.closed()
}
