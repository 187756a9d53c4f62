/** A response sink that writes down what it is told, and can ask for a pause. */
import type { FieldList, ResponseSink, UpstreamFailure } from '#/edge/http/upstream.ts'

export class RecordingSink implements ResponseSink {
  readonly events: string[] = []
  fields: FieldList = []
  failure: UpstreamFailure | undefined
  /** What `data` answers. */
  takesMore = true
  #waiters: { readonly event: RegExp; readonly resolve: () => void }[] = []

  /** Settles once an event matches, one of the past included. */
  until(event: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ event, resolve })
      this.#settle()
    })
  }

  head(status: number, fields: FieldList, lengthBytes?: number): void {
    this.fields = fields
    this.#note(`head ${status} ${lengthBytes}`)
  }

  data(payload: Uint8Array): boolean {
    this.#note(`data ${Buffer.from(payload).toString('latin1')}`)
    return this.takesMore
  }

  end(): void {
    this.#note('end')
  }

  fail(failure: UpstreamFailure): void {
    this.failure = failure
    this.#note(`fail ${failure.kind}`)
  }

  #note(event: string): void {
    this.events.push(event)
    this.#settle()
  }

  #settle(): void {
    this.#waiters = this.#waiters.filter(({ event, resolve }) => {
      if (!this.events.some((seen) => event.test(seen))) return true
      resolve()
      return false
    })
  }
}
