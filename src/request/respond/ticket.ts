/**
 * The life of one routed request: tells plugins and telemetry what happens to it, and sees to it that every attempt that began ends exactly
 * once, whatever the edge reports and in whatever order.
 */
import type { Clock } from '#/lib/clock.ts'
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { ChunkSink, ResponsePlan, Ticket } from '#/request/exchange.ts'
import { RequestAttempt } from '#/request/respond/request-attempt.ts'
import type { PickedEndpoint, PickedLeg } from '#/request/respond/request-attempt.ts'
import { UsageObserver } from '#/request/respond/usage-observer.ts'
import type { AttemptHooks, EndCause } from '#/sdk/attempt.ts'
import { slotOf } from '#/sdk/endpoint.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'
import type { HeaderLookup, InferenceRequest } from '#/sdk/inference-request.ts'

/** What a ticket needs from around it; one object for all tickets of a graph. */
export interface TicketContext {
  readonly clock: Clock
  readonly table: EndpointTable
  /** The graph's plugins first, then the process's own observers. */
  readonly hooks: readonly AttemptHooks[]
  /** Called once, after the last attempt ended. */
  ended(request: InferenceRequest, cause: EndCause, last: RequestAttempt | undefined, responseBytes: number): void
  /** What a hook threw. */
  failed(requestId: string, cause: unknown): void
}

const OBSERVE: ResponsePlan = { headers: { set: [] }, body: 'observe' }
const PASS: ResponsePlan = { headers: { set: [] }, body: 'none' }

export class RequestTicket implements Ticket {
  readonly #context: TicketContext
  readonly #request: InferenceRequest
  readonly #picked: readonly PickedEndpoint[]
  /** Legs still held, with the attempt that counts each. */
  #legs: readonly PickedLeg[]
  #legAttempts: { readonly attempt: RequestAttempt; readonly release: PickedLeg['release'] }[] = []
  #attempt: RequestAttempt | undefined
  #lastAttempt: RequestAttempt | undefined
  #usage: UsageObserver | undefined
  #responseBytes = 0
  #ended = false

  constructor(context: TicketContext, request: InferenceRequest, picked: readonly PickedEndpoint[], legs: readonly PickedLeg[] = []) {
    this.#context = context
    this.#request = request
    this.#picked = picked
    this.#legs = legs
  }

  sent(to: EndpointRef): void {
    if (this.#ended) return
    this.#closeAttempt('upstream-failed')
    if (this.#context.table.get(to) === undefined) return
    const attempt = this.#begin(this.#pickOf(to), (this.#lastAttempt?.number ?? 0) + 1)
    this.#attempt = attempt
    this.#lastAttempt = attempt
    for (const { picked, release } of this.#legs) {
      if (this.#context.table.get(picked.endpoint) !== undefined) this.#legAttempts.push({ attempt: this.#begin(picked, 1), release })
    }
    this.#legs = []
  }

  answered(by: EndpointRef, status: number, _headers: HeaderLookup): ResponsePlan {
    if (this.#attempt?.endpoint !== by) this.sent(by)
    const attempt = this.#attempt
    if (attempt === undefined) return PASS
    attempt.status = status
    if (!attempt.isServed) return PASS
    this.#usage = new UsageObserver(this.#request.api === 'messages')
    return OBSERVE
  }

  firstByte(): void {
    const attempt = this.#attempt
    if (attempt === undefined || !attempt.isServed || attempt.firstByteAtMs >= 0) return
    attempt.firstByteAtMs = this.#context.clock.nowMs()
    const { firstByteAtMs } = attempt
    this.#tell((hook) => hook.attemptFirstByte?.(attempt, firstByteAtMs))
    if (this.#legAttempts.length > 0) this.#releaseLegs('complete', (release) => release === 'first-byte')
  }

  bytes(chunk: Uint8Array, _last: boolean, out: ChunkSink): void {
    out(chunk)
    this.#responseBytes += chunk.length
    const attempt = this.#attempt
    if (attempt === undefined || this.#usage === undefined || chunk.length === 0) return
    this.#usage.push(chunk)
    attempt.chunkCount++
    const nowMs = this.#context.clock.nowMs()
    // As `#tell` does, without a function for each chunk.
    const { hooks } = this.#context
    for (const hook of hooks) {
      try {
        hook.attemptChunk?.(attempt, nowMs)
      } catch (error) {
        this.#context.failed(this.#request.requestId, error)
      }
    }
  }

  end(cause: EndCause): void {
    if (this.#ended) return
    this.#ended = true
    this.#closeAttempt(cause)
    this.#releaseLegs(cause, () => true)
    this.#request.releasePrefix()
    this.#context.ended(this.#request, cause, this.#lastAttempt, this.#responseBytes)
  }

  #begin(picked: PickedEndpoint, number: number): RequestAttempt {
    const attempt = new RequestAttempt(this.#request, picked, number, this.#context.clock.nowMs())
    this.#context.table.pin(attempt.slot)
    this.#tell((hook) => hook.attemptSent?.(attempt))
    return attempt
  }

  #finish(attempt: RequestAttempt, cause: EndCause, served: boolean): void {
    const nowMs = this.#context.clock.nowMs()
    this.#tell((hook) => hook.attemptEnded?.(attempt, cause, nowMs, served))
    this.#context.table.unpin(attempt.slot)
  }

  /** One hook that throws keeps neither the others from counting nor the request from its end. */
  #tell(call: (hook: AttemptHooks) => void): void {
    for (const hook of this.#context.hooks) {
      try {
        call(hook)
      } catch (error) {
        this.#context.failed(this.#request.requestId, error)
      }
    }
  }

  #closeAttempt(cause: EndCause): void {
    const attempt = this.#attempt
    if (attempt === undefined) return
    this.#attempt = undefined
    if (this.#usage !== undefined) {
      attempt.usage = this.#usage.finish()
      this.#usage = undefined
    }
    this.#finish(attempt, cause, isBelieved(attempt, cause))
  }

  /** The main endpoint's answer tells whether its legs did their part: they report nothing of their own. */
  #releaseLegs(cause: EndCause, isDue: (release: PickedLeg['release']) => boolean): void {
    const held = this.#legAttempts
    this.#legAttempts = held.filter((leg) => !isDue(leg.release))
    for (const leg of held) if (isDue(leg.release)) this.#finish(leg.attempt, cause, cause !== 'upstream-failed')
  }

  /** An endpoint outside the decision (a data plane's own choice) starts with nothing believed cached. */
  #pickOf(endpoint: EndpointRef): PickedEndpoint {
    const picked = this.#picked.find((pick) => pick.endpoint === endpoint)
    if (picked !== undefined) return picked
    const first = this.#picked[0]
    return {
      endpoint,
      slot: slotOf(endpoint),
      matchedBlocks: 0,
      totalBlocks: first?.totalBlocks ?? 0,
      blockTokens: first?.blockTokens ?? 0,
    }
  }
}

/**
 * Whether the endpoint is taken to have processed the prompt. A client that leaves before the answer leaves a prompt that most likely was
 * computed: a wrong belief costs one request a detour home, a wrong disbelief costs a second copy of the prefix.
 */
function isBelieved(attempt: RequestAttempt, cause: EndCause): boolean {
  if (attempt.status !== 0) return attempt.isServed
  return cause === 'client-gone' || cause === 'evicted' || cause === 'unknown-end'
}
