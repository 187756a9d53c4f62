/** One attempt's answer on its way from the endpoint to the client: what the ticket must see, what is changed, and nothing else. */
import { shapeFor } from '#/edge/http/error-response.ts'
import { FieldLookup } from '#/edge/http/field-lookup.ts'
import { isFieldValue, patchFields } from '#/edge/http/headers.ts'
import { toRequestIdFields } from '#/edge/http/request-id.ts'
import type { ResponseWriter } from '#/edge/http/response-writer.ts'
import type { FieldList, ResponseSink, UpstreamFailure } from '#/edge/http/upstream.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { HeaderPatch, ResponsePlan, Ticket } from '#/request/exchange.ts'

/** The exchange that the answer belongs to. */
export interface RelayOwner {
  readonly requestId: string
  readonly path: string
  /** The head is written: no other endpoint can be tried. */
  answerBegan(isEventStream: boolean): void
  firstByteCame(): void
  answerEnded(): void
  attemptFailed(failure: UpstreamFailure): void
  /** Something threw that never should. */
  fault(cause: unknown): void
}

const NOTHING = new Uint8Array(0)

export class AnswerRelay implements ResponseSink {
  readonly #owner: RelayOwner
  readonly #ticket: Ticket
  readonly #endpoint: Endpoint
  readonly #writer: ResponseWriter
  #plan: ResponsePlan['body'] = 'none'
  #lengthBytes: number | undefined
  #receivedBytes = 0
  #toClient: ((chunk: Uint8Array) => void) | undefined

  constructor(owner: RelayOwner, ticket: Ticket, endpoint: Endpoint, writer: ResponseWriter) {
    this.#owner = owner
    this.#ticket = ticket
    this.#endpoint = endpoint
    this.#writer = writer
  }

  head(status: number, fields: FieldList, lengthBytes?: number): void {
    try {
      const lookup = new FieldLookup(fields)
      const plan = this.#ticket.answered(this.#endpoint.ref, status, lookup)
      this.#plan = plan.body
      this.#lengthBytes = lengthBytes
      // A body that is rewritten may change its length.
      this.#writer.head(status, patchFields(fields, this.#toPatch(plan)), plan.body === 'rewrite' ? undefined : lengthBytes)
      this.#owner.answerBegan(lookup.get('content-type')?.startsWith('text/event-stream') === true)
    } catch (cause) {
      this.#owner.fault(cause)
    }
  }

  data(payload: Uint8Array): boolean {
    try {
      if (this.#receivedBytes === 0) {
        this.#owner.firstByteCame()
        this.#ticket.firstByte()
      }
      this.#receivedBytes += payload.length
      this.#pass(payload, this.#receivedBytes === this.#lengthBytes)
    } catch (cause) {
      this.#owner.fault(cause)
    }
    return !this.#writer.isBlocked
  }

  end(): void {
    try {
      // Where the length was announced, the last bytes were known to be the last.
      if (this.#receivedBytes !== this.#lengthBytes) this.#pass(NOTHING, true)
      this.#writer.end()
      this.#owner.answerEnded()
    } catch (cause) {
      this.#owner.fault(cause)
    }
  }

  fail(failure: UpstreamFailure): void {
    try {
      this.#owner.attemptFailed(failure)
    } catch (cause) {
      this.#owner.fault(cause)
    }
  }

  #pass(chunk: Uint8Array, isLast: boolean): void {
    if (this.#plan === 'none') this.#writer.write(chunk)
    else this.#ticket.bytes(chunk, isLast, (this.#toClient ??= (passed) => this.#writer.write(passed)))
  }

  #toPatch(plan: ResponsePlan): HeaderPatch {
    const { address } = this.#endpoint
    const { requestId, path } = this.#owner
    const set = [...plan.headers.set, ...toRequestIdFields(requestId, shapeFor(path))]
    if (isFieldValue(address)) set.push(['x-headgate-endpoint', address])
    return { set }
  }
}
