/** An HttpGet without sockets for tests in virtual time: a test answers each GET itself, or says how all of them end. */
import type { GetFailure, GetFlight, GetSink, HttpGet } from '#/fleet/scrape/http-get.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

export class ScriptedExchange {
  readonly endpoint: Endpoint
  readonly path: string
  aborted = false
  over = false
  readonly #sink: GetSink

  constructor(endpoint: Endpoint, path: string, sink: GetSink) {
    this.endpoint = endpoint
    this.path = path
    this.#sink = sink
  }

  head(status: number): void {
    if (!this.aborted) this.#sink.head(status)
  }

  data(text: string): void {
    const chunk = Buffer.from(text)
    if (!this.aborted) this.#sink.data(chunk)
    // Only valid during the call.
    chunk.fill(0)
  }

  answer(status: number, body = ''): void {
    this.head(status)
    if (body !== '') this.data(body)
    this.over = true
    if (!this.aborted) this.#sink.end()
  }

  fail(kind: GetFailure['kind'], reason: string = kind): void {
    this.over = true
    if (!this.aborted) this.#sink.fail({ kind, reason })
  }
}

export class ScriptedGet implements HttpGet {
  /** Every GET so far. */
  readonly exchanges: ScriptedExchange[] = []
  readonly forgotten: string[] = []

  get(endpoint: Endpoint, path: string, sink: GetSink): GetFlight {
    const exchange = new ScriptedExchange(endpoint, path, sink)
    this.exchanges.push(exchange)
    return {
      abort() {
        if (!exchange.over) exchange.aborted = true
      },
    }
  }

  forget(endpoint: Endpoint): void {
    this.forgotten.push(endpoint.key)
  }

  /** Those that wait for an answer. */
  get open(): readonly ScriptedExchange[] {
    return this.exchanges.filter((exchange) => !exchange.over && !exchange.aborted)
  }

  /** The one that waits for an answer; throws unless it is exactly one. */
  get only(): ScriptedExchange {
    const [exchange, ...others] = this.open
    if (exchange === undefined || others.length > 0) throw new Error(`${this.open.length} exchanges are open`)
    return exchange
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}
