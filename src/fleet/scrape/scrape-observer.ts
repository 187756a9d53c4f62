/** What metrics and logs learn of the scraper. */
import type { ScrapeOutcome } from '#/fleet/scrape/scrape-exchange.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

export interface ScrapeObserver {
  /** Health probes included. */
  scrapeEnded?(endpoint: Endpoint, outcome: ScrapeOutcome, durationMs: number): void
  /** The page had `count` values that are no finite number of 0 or more, or lines that cannot be read. The columns keep what they had. */
  valuesRejected?(endpoint: Endpoint, count: number): void
  /** It serves, but has no metrics page, so its numbers stay unknown. Once, until a page appears. */
  withoutMetrics?(endpoint: Endpoint): void
}
