/** What the scraper keeps about one endpoint. */
import type { GetFlight } from '#/fleet/scrape/http-get.ts'
import { createEngineMemory } from '#/fleet/scrape/page-commit.ts'
import type { EngineMemory } from '#/fleet/scrape/page-commit.ts'
import type { ScrapeExchange } from '#/fleet/scrape/scrape-exchange.ts'
import { IDLE_INTERVAL_MS } from '#/fleet/scrape/scrape-pace.ts'
import type { Pace } from '#/fleet/scrape/scrape-pace.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

export interface ScrapeTarget extends Pace {
  readonly endpoint: Endpoint
  readonly memory: EngineMemory
  /** The scrape in flight. */
  exchange: ScrapeExchange | undefined
  flight: GetFlight | undefined
  /** The deadline passed once: what arrived meanwhile is read before the scrape is given up. */
  overdue: boolean
  /** Interval that the next scrape was planned with. */
  intervalMs: number
  /** Whether traffic makes the next scrape come sooner. */
  followsTraffic: boolean
  /** Attempts without any answer since the last answer. */
  unanswered: number
  /** When the newest page was asked for, -Infinity before the first. */
  dataAtMs: number
  engine: string | undefined
  /** Why the last scrape brought nothing. */
  error: string | undefined
  /** The endpoint was reported as one without metrics. */
  reported: boolean
}

export function createScrapeTarget(endpoint: Endpoint): ScrapeTarget {
  return {
    endpoint,
    memory: createEngineMemory(),
    exchange: undefined,
    flight: undefined,
    overdue: false,
    startedAtMs: -Infinity,
    durationMs: 0,
    lastActivityAtMs: -Infinity,
    events: 0,
    intervalMs: IDLE_INTERVAL_MS,
    followsTraffic: false,
    unanswered: 0,
    dataAtMs: -Infinity,
    engine: undefined,
    error: 'not reached yet',
    reported: false,
  }
}
