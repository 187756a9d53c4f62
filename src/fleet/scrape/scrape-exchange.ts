/** One GET of the scraper: feeds the scanner, bounds the answer, and says once how it ended. */
import type { GetFailure, GetSink } from '#/fleet/scrape/http-get.ts'
import type { PageScanner } from '#/fleet/scrape/page-scanner.ts'

/**
 * 'ok': values came, or the endpoint answered a health probe. 'no-page': 404 or 405. 'status': any other status but 200. 'unrecognised': a
 * page without the series of a known engine. The rest: no usable answer.
 */
export type ScrapeOutcome = 'ok' | 'no-page' | 'status' | 'unrecognised' | 'too-large' | 'timeout' | GetFailure['kind']

/** A page may be this long: 50,000 lines and more. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024

export class ScrapeExchange implements GetSink {
  /** HTTP status, 0 before the answer began. */
  status = 0
  /** Undefined for a health probe: any answer will do. */
  readonly scanner: PageScanner | undefined
  readonly #ended: (outcome: ScrapeOutcome, reason?: string) => void
  #bytes = 0

  constructor(scanner: PageScanner | undefined, ended: (outcome: ScrapeOutcome, reason?: string) => void) {
    this.scanner = scanner
    this.#ended = ended
  }

  head(status: number): void {
    this.status = status
  }

  data(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > MAX_PAGE_BYTES) this.#ended('too-large', `the answer is larger than ${MAX_PAGE_BYTES} bytes`)
    else if (this.status === 200) this.scanner?.scan(chunk)
  }

  end(): void {
    const { scanner, status } = this
    if (scanner === undefined) this.#ended('ok')
    else if (status === 404 || status === 405) this.#ended('no-page', `it has no metrics page: GET /metrics answers ${status}`)
    else if (status !== 200) this.#ended('status', `GET /metrics answers ${status}`)
    else {
      scanner.end()
      if (scanner.engine() === -1) this.#ended('unrecognised', 'the metrics page has no series of a known engine')
      else this.#ended('ok')
    }
  }

  fail(failure: GetFailure): void {
    this.#ended(failure.kind, failure.reason)
  }
}
