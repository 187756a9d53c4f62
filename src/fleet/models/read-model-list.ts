/** Asks one endpoint for its models: one bounded GET with a deadline. */
import type { ModelCard } from '#/fleet/models/model-card.ts'
import { parseModelList } from '#/fleet/models/model-card.ts'
import type { HttpGet } from '#/fleet/scrape/http-get.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'

/** For connecting and the whole answer. */
const TIMEOUT_MS = 2000
const MAX_BODY_BYTES = 1024 * 1024

export type ModelListAnswer =
  | { readonly kind: 'list'; readonly cards: readonly ModelCard[] }
  /** The endpoint answers, and it keeps no such list or does not show it. */
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** `answered` is called once, never from within this call, and not after the returned function was: that gives up. */
export function readModelList(http: HttpGet, endpoint: Endpoint, clock: Clock, answered: (answer: ModelListAnswer) => void): () => void {
  const chunks: Buffer[] = []
  let bytes = 0
  let status = 0
  const flight = http.get(endpoint, '/v1/models', {
    head(code) {
      status = code
    },
    data(chunk) {
      bytes += chunk.length
      if (bytes > MAX_BODY_BYTES) giveUp(`the answer is larger than ${MAX_BODY_BYTES} bytes`)
      else if (status === 200) chunks.push(Buffer.from(chunk))
    },
    end() {
      timer.cancel()
      answered(toAnswer(status, chunks))
    },
    fail(failure) {
      timer.cancel()
      answered({ kind: 'unreadable', reason: failure.reason })
    },
  })
  const stop = (): void => {
    timer.cancel()
    flight.abort()
  }
  const giveUp = (reason: string): void => {
    stop()
    answered({ kind: 'unreadable', reason })
  }
  const timer = clock.schedule(TIMEOUT_MS, () => giveUp(`no complete answer within ${TIMEOUT_MS} ms`))
  return stop
}

function toAnswer(status: number, chunks: readonly Buffer[]): ModelListAnswer {
  const reason = `GET /v1/models answers ${status}`
  // Too early or too busy to say; a later attempt may bring the list.
  if ((status >= 500 && status !== 501) || status === 408 || status === 425 || status === 429) return { kind: 'unreadable', reason }
  if (status !== 200) return { kind: 'none', reason }
  const cards = parseModelList(Buffer.concat(chunks).toString())
  return cards === undefined ? { kind: 'none', reason: 'the answer to GET /v1/models is no model list' } : { kind: 'list', cards }
}
