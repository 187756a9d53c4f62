/**
 * One HTTP exchange: hands the request to the request path, carries out what it decides, and tells the ticket what becomes of it. Decides
 * nothing itself but what belongs to the wire. One object for each request, with methods instead of closures.
 */
import { AnswerRelay } from '#/edge/http/answer-relay.ts'
import type { RelayOwner } from '#/edge/http/answer-relay.ts'
import { BodyCollector } from '#/edge/http/body-collector.ts'
import type { AccessRecord, HttpEdgeOptions } from '#/edge/http/edge-options.ts'
import { shapeFor, toErrorBody, toErrorEvent, toErrorFields } from '#/edge/http/error-response.ts'
import { FieldLookup } from '#/edge/http/field-lookup.ts'
import { patchFields, toRequestFields } from '#/edge/http/headers.ts'
import type { EdgeRequest, EdgeResponse } from '#/edge/http/node-messages.ts'
import { findHeadDefect, toDeclaredBytes } from '#/edge/http/request-head.ts'
import { toRequestId, toRequestIdFields } from '#/edge/http/request-id.ts'
import { ResponseWriter } from '#/edge/http/response-writer.ts'
import type { LocalRoute, RouteTable } from '#/edge/http/routes.ts'
import { StallWatch } from '#/edge/http/stall-watch.ts'
import type { FieldList, Flight, UpstreamFailure } from '#/edge/http/upstream.ts'
import { InferenceError } from '#/errors.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { Decision, EdgeControl, Exchange, Queued, Ticket } from '#/request/exchange.ts'
import type { EndCause } from '#/sdk/attempt.ts'

/** What the exchanges of one server share. */
export interface EdgeContext extends HttpEdgeOptions {
  readonly routes: RouteTable
  readonly exchanges: Set<HttpExchange>
  isDraining: boolean
  /** An exchange is gone: its answer is with the client, or its connection is closed. */
  exchangeGone(): void
}

type Phase = 'receiving' | 'deciding' | 'forwarded' | 'answering' | 'over'

type Outcome = AccessRecord['cause']

type Forward = Decision & { readonly kind: 'forward' }

const NO_BODY: readonly Uint8Array[] = []

/** How long a connection is kept to take in, unread, what the client sends after its answer. */
const LINGER_MS = 5_000

// What one sweep compares with the next, where it is no number of bytes.
const BUSY = Number.NaN
const BLOCKED = -1
const OVER = -2

export class HttpExchange implements Exchange, EdgeControl, RelayOwner {
  /** Only what was never sent can be sent elsewhere, and one detour is enough: the pick was the best place, not one among equals. */
  readonly fallbacks = 1
  readonly requestId: string
  readonly receivedAtMs: number
  readonly method: string
  readonly headers: FieldLookup
  path: string
  body: readonly Uint8Array[] = NO_BODY
  readonly #context: EdgeContext
  readonly #request: EdgeRequest
  readonly #writer: ResponseWriter
  readonly #fields: FieldList
  readonly #collector = new BodyCollector()
  #query = ''
  #phase: Phase = 'receiving'
  #queued: Queued | undefined
  #decision: Forward | undefined
  #ticket: Ticket | undefined
  #endpoint: Endpoint | undefined
  #attempts = 0
  #flight: Flight | undefined
  #isEventStream = false
  #firstByteAtMs: number | undefined
  #outcome: Outcome | undefined
  readonly #stall = new StallWatch()

  constructor(context: EdgeContext, request: EdgeRequest, response: EdgeResponse) {
    this.#context = context
    this.#request = request
    this.#writer = new ResponseWriter(request, response)
    const fields = toRequestFields(request.rawHeaders)
    const idFromClient = new FieldLookup(fields).get('x-request-id')
    this.requestId = toRequestId(idFromClient)
    this.#fields = idFromClient === this.requestId ? fields : patchFields(fields, { set: [['x-request-id', this.requestId]] })
    this.headers = new FieldLookup(this.#fields)
    this.receivedAtMs = context.clock.nowMs()
    this.method = request.method!
    this.path = withoutQuery(request.url!)
    context.exchanges.add(this)
  }

  get bodyBytes(): number {
    return this.#collector.sizeBytes
  }

  get isReceiving(): boolean {
    return this.#phase === 'receiving'
  }

  get isOver(): boolean {
    return this.#phase === 'over'
  }

  isOn(socket: unknown): boolean {
    return this.#request.socket === socket
  }

  // What the client does.

  /** The head has arrived. */
  begin(expectsContinue: boolean): void {
    if (this.#context.isDraining) this.#writer.closeAfterwards()
    const defect = findHeadDefect(this.#request)
    if (defect !== undefined) {
      this.refuseAndClose(new InferenceError('malformed_http', defect))
      return
    }
    const match = this.#context.routes.match(this.#request.url!)
    if (match instanceof InferenceError) {
      this.#refuse(match, 'refused')
      return
    }
    const { route } = match
    this.path = match.path
    this.#query = match.query
    if (this.method === 'OPTIONS') this.#answer('local', 204, ['allow', route.allow], '')
    else if (!route.methods.includes(this.method)) {
      this.#refuse(new InferenceError('method_not_allowed', `${this.path} takes ${route.allow}.`), 'refused', ['allow', route.allow])
    } else if (route.local !== undefined) this.#answerLocally(route.local, route.child)
    else if ((toDeclaredBytes(this.#request) ?? 0) > this.#context.limits.maxBodyBytes) this.#refuseBody()
    else if (expectsContinue) this.#writer.continue()
  }

  /** A piece of the body. After an answer it is read and dropped. */
  received(chunk: Uint8Array): void {
    if (!this.isReceiving) return
    if (this.#collector.sizeBytes + chunk.length > this.#context.limits.maxBodyBytes) this.#refuseBody()
    else this.#collector.add(chunk)
  }

  /** The body is complete. */
  receivedAll(): void {
    if (!this.isReceiving) {
      this.#writer.release()
      return
    }
    if (this.#context.isDraining) {
      this.#refuse(shuttingDown(), 'refused')
      return
    }
    this.#phase = 'deciding'
    this.body = this.#collector.finish()
    try {
      const decision = this.#context.router.route(this, this)
      if ('kind' in decision) this.#carryOut(decision)
      else this.#wait(decision)
    } catch (cause) {
      this.fault(cause)
    }
  }

  /** What the client sends is not HTTP, or did not come in time. False: the exchange has nothing to do with it any more. */
  clientFailed(error: InferenceError): boolean {
    if (this.isReceiving) this.refuseAndClose(error)
    // There is no way to tell within an answer.
    else if (!this.isOver) this.#writer.destroy()
    else if (this.#writer.isHeldOpen) this.#writer.endConnection()
    else return false
    return true
  }

  /** The client takes more again. */
  drained(): void {
    this.#writer.isBlocked = false
    this.#stall.reset()
    this.#flight?.resume()
  }

  /** The answer is with the client, or the connection is gone. */
  closed(): void {
    this.#context.exchanges.delete(this)
    if (!this.isOver) {
      this.#flight?.abort()
      this.#leaveQueue('client-gone')
      this.#finish('client-gone')
    }
    this.#context.exchangeGone()
  }

  // What the gateway does.

  evict(error: InferenceError): void {
    if (this.isOver) return
    this.#flight?.abort()
    this.#stop(error, 'evicted')
  }

  /** An error of the connection rather than of the request: no further one is taken from it. */
  refuseAndClose(error: InferenceError): void {
    this.#writer.closeAfterwards()
    this.#refuse(error, 'refused')
  }

  /** The gateway drains: this is the last request of its connection, and it is refused at once if it still waits. */
  drain(): void {
    this.#writer.closeAfterwards()
    if (this.#queued === undefined) return
    this.#leaveQueue('shutdown')
    this.#refuse(shuttingDown(), 'refused')
  }

  /** The drain's deadline has passed. */
  abandon(): void {
    this.#leaveQueue('shutdown')
    if (this.isOver) this.#writer.destroy()
    else this.evict(shuttingDown())
  }

  /** Called about once a second: ends what waits for a client that does nothing. */
  sweep(nowMs: number): void {
    const quietMs = this.#stall.look(this.#toMark(), nowMs)
    const { bodyTimeoutMs, writeTimeoutMs } = this.#context.limits
    if (!this.isReceiving) {
      if (quietMs >= (this.#writer.isHeldOpen ? LINGER_MS : writeTimeoutMs)) this.#writer.destroy()
    } else if (quietMs >= bodyTimeoutMs) {
      this.refuseAndClose(new InferenceError('request_timeout', `No part of the body came for ${bodyTimeoutMs / 1000} s.`))
    }
  }

  // What the endpoint does.

  answerBegan(isEventStream: boolean): void {
    this.#phase = 'answering'
    this.#isEventStream = isEventStream
    // It is not sent again: the prompt can go.
    this.#decision = undefined
    this.body = NO_BODY
  }

  firstByteCame(): void {
    if (this.#context.observer.onAccess !== undefined) this.#firstByteAtMs = this.#context.clock.nowMs()
  }

  answerEnded(): void {
    this.#finish('complete')
  }

  attemptFailed(failure: UpstreamFailure): void {
    const { ref, address } = this.#endpoint!
    const { observer } = this.#context
    this.#flight = undefined
    if (failure.kind === 'connect') {
      observer.onUnreachable?.(ref, failure)
      this.#send()
      return
    }
    observer.onEndpointFailure?.(ref, failure, this.requestId)
    const isTimeout = failure.kind === 'timeout'
    const moment = this.#writer.isHeadWritten ? 'within its answer' : 'before its answer began'
    const message = `The endpoint ${address} ${isTimeout ? 'fell silent' : 'broke off'} ${moment}.`
    const error = new InferenceError(isTimeout ? 'endpoint_timeout' : 'endpoint_failed', message, { cause: failure.cause })
    this.#stop(error, isTimeout ? 'timeout' : 'upstream-failed')
  }

  fault(cause: unknown): void {
    this.#context.observer.onDefect?.(cause, this.requestId)
    if (this.isOver) return
    this.#flight?.abort()
    this.#stop(new InferenceError('internal', 'Headgate failed to handle the request.', { cause }), 'unknown-end')
  }

  #answerLocally(local: LocalRoute, child: string | undefined): void {
    try {
      const answer = local.answer(child, this.headers)
      if (answer instanceof InferenceError) this.#refuse(answer, 'local')
      else this.#answer('local', answer.status, ['content-type', 'application/json'], answer.body)
    } catch (cause) {
      this.fault(cause)
    }
  }

  #wait(queued: Queued): void {
    this.#queued = queued
    queued.decided.then((decision) => this.#carryOut(decision)).catch((cause: unknown) => this.fault(cause))
  }

  #carryOut(decision: Decision): void {
    this.#queued = undefined
    if (decision.kind === 'refuse') {
      if (!this.isOver) this.#refuse(decision.error, 'refused')
      return
    }
    this.#ticket = decision.ticket
    if (this.isOver) {
      // Decided in the moment in which the client left or the gateway gave up.
      decision.ticket.end(this.#outcome === 'client-gone' ? 'client-gone' : 'evicted')
      return
    }
    this.#decision = decision
    this.#send()
  }

  /** To the next endpoint of the decision that is still there; where there is none, the answer that none was reached. */
  #send(): void {
    const { endpoints, headersFor, body, ticket } = this.#decision!
    while (this.#attempts < endpoints.length && this.#attempts <= this.fallbacks) {
      const ref = endpoints[this.#attempts++]!
      const endpoint = this.#context.endpointOf(ref)
      if (endpoint === undefined) continue
      this.#endpoint = endpoint
      this.#phase = 'forwarded'
      ticket.sent(ref)
      const fields = patchFields(this.#fields, headersFor(ref))
      // Usage is read from answers that pass: they must not come compressed.
      fields.push('accept-encoding', 'identity')
      const head = { method: this.method, target: this.path + this.#query, fields }
      const relay = new AnswerRelay(this, ticket, endpoint, this.#writer)
      this.#flight = this.#context.upstream.send(endpoint, head, body.parts, body.lengthBytes, relay)
      return
    }
    const tried =
      this.#endpoint === undefined ? 'Its endpoints left the fleet.' : `No connection to ${this.#endpoint.address} could be made.`
    this.#refuse(new InferenceError('endpoint_unreachable', tried), 'upstream-failed')
  }

  #leaveQueue(cause: 'client-gone' | 'shutdown'): void {
    this.#queued?.leave(cause)
    this.#queued = undefined
  }

  #refuseBody(): void {
    this.refuseAndClose(new InferenceError('body_too_large', `The body is larger than ${this.#context.limits.maxBodyBytes} bytes.`))
  }

  /** An error answer, or the visible end of an answer that has begun. */
  #stop(error: InferenceError, cause: EndCause): void {
    if (!this.#writer.isHeadWritten) {
      this.#refuse(error, this.#ticket === undefined ? 'refused' : cause)
      return
    }
    this.#writer.cut(this.#isEventStream ? toErrorEvent(error, shapeFor(this.path), this.requestId) : undefined)
    this.#finish(cause)
  }

  #refuse(error: InferenceError, outcome: Outcome, extraFields: readonly string[] = []): void {
    const fields = ['content-type', 'application/json', ...toErrorFields(error), ...extraFields]
    this.#answer(outcome, error.definition.status, fields, toErrorBody(error, shapeFor(this.path), this.requestId))
  }

  #answer(outcome: Outcome, status: number, fields: string[], body: string): void {
    fields.push(...toRequestIdFields(this.requestId, shapeFor(this.path)).flat())
    this.#writer.answer(status, fields, body)
    this.#finish(outcome)
  }

  #finish(outcome: Outcome): void {
    if (this.isOver) return
    this.#phase = 'over'
    this.#outcome = outcome
    this.#flight = undefined
    this.#decision = undefined
    this.body = NO_BODY
    this.#collector.clear()
    if (outcome !== 'refused' && outcome !== 'local') this.#ticket?.end(outcome)
    const { observer, clock } = this.#context
    observer.onAccess?.({
      requestId: this.requestId,
      method: this.method,
      path: this.path,
      status: this.#writer.status,
      endpoint: this.#endpoint?.address,
      requestBytes: this.bodyBytes,
      responseBytes: this.#writer.sentBytes,
      durationMs: clock.nowMs() - this.receivedAtMs,
      ttftMs: this.#firstByteAtMs === undefined ? undefined : this.#firstByteAtMs - this.receivedAtMs,
      cause: outcome,
    })
  }

  #toMark(): number {
    if (this.isReceiving) return this.#collector.sizeBytes
    if (this.isOver) return OVER
    return this.#writer.isBlocked ? BLOCKED : BUSY
  }
}

function withoutQuery(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}

function shuttingDown(): InferenceError {
  return new InferenceError('shutting_down', 'The gateway is shutting down; send the request elsewhere.')
}
