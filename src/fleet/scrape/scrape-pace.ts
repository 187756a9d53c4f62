/**
 * How often an endpoint is scraped: as rarely as is enough. Traffic makes its numbers move, so traffic sets the pace; without any, a slow
 * scrape only proves that the endpoint is alive.
 */

/** Starts and ends of requests that are worth a scrape. */
const EVENTS_PER_SCRAPE = 8
export const MIN_INTERVAL_MS = 50
const BUSY_INTERVAL_MS = 250
export const IDLE_INTERVAL_MS = 1000
/** An endpoint counts as busy this long after a request started or ended on it. */
const BUSY_FOR_MS = 1000
/** Idle scrapes start on this grid, so that neighbours share a wake-up of the process. */
const IDLE_GRID_MS = 25

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 5000

/** What the pace depends on. Times are monotonic milliseconds. */
export interface Pace {
  startedAtMs: number
  /** How long the last scrape took. */
  durationMs: number
  lastActivityAtMs: number
  /** Starts and ends of requests since the last scrape began. */
  events: number
}

/** When the next scrape is due while requests flow. A page that is slow to come is asked for less often: half of the time at most. */
export function busyDueAtMs(pace: Pace): number {
  const intervalMs = pace.events >= EVENTS_PER_SCRAPE ? MIN_INTERVAL_MS : BUSY_INTERVAL_MS
  return pace.startedAtMs + Math.max(intervalMs, 2 * pace.durationMs)
}

/** The interval that holds without a burst of events. */
export function intervalMsOf(pace: Pace, nowMs: number): number {
  const busy = nowMs - pace.lastActivityAtMs < BUSY_FOR_MS
  return busy ? Math.max(BUSY_INTERVAL_MS, 2 * pace.durationMs) : IDLE_INTERVAL_MS
}

export function onIdleGrid(atMs: number): number {
  return Math.round(atMs / IDLE_GRID_MS) * IDLE_GRID_MS
}

/** Wait before the next attempt on an endpoint that did not answer `attempts` (1 or more) times in a row; `random` in [0, 1) spreads it. */
export function retryDelayMs(attempts: number, random: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempts - 1)) * (1 - 0.2 * random)
}
