/** A ticket that writes down what it is told. */
import type { ChunkSink, ResponsePlan, Ticket } from '#/request/exchange.ts'
import type { EndCause } from '#/sdk/attempt.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'
import { slotOf } from '#/sdk/endpoint.ts'

export class RecordingTicket implements Ticket {
  readonly events: string[] = []
  readonly ended: Promise<EndCause>
  readonly #plan: ResponsePlan
  #resolve!: (cause: EndCause) => void

  constructor(plan: ResponsePlan = { headers: { set: [] }, body: 'observe' }) {
    this.#plan = plan
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  sent(to: EndpointRef): void {
    this.events.push(`sent ${slotOf(to)}`)
  }

  answered(by: EndpointRef, status: number): ResponsePlan {
    this.events.push(`answered ${slotOf(by)} ${status}`)
    return this.#plan
  }

  firstByte(): void {
    this.events.push('first byte')
  }

  bytes(chunk: Uint8Array, last: boolean, out: ChunkSink): void {
    this.events.push(`bytes ${chunk.length}${last ? ' last' : ''}`)
    out(chunk)
  }

  end(cause: EndCause): void {
    this.events.push(`end ${cause}`)
    this.#resolve(cause)
  }
}
