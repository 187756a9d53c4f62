/** The fleet as a table that redraws itself in place on a terminal, with log lines scrolling by above it. */
import type { FleetView } from '#/admin/fleet-view.ts'
import { toLoggable } from '#/telemetry/logger.ts'

export interface TableOutput {
  write(text: string): unknown
  readonly columns?: number
  readonly rows?: number
}

/** An empty line and the headings. */
const HEADING_LINES = 2
const HEADINGS = ['endpoint', 'state', 'running', 'waiting', 'KV', 'req/s', 'hit rate', 'TTFT', 'adapters'] as const

export class LiveTable {
  readonly #out: TableOutput
  #height = 0
  #previous: FleetView | undefined
  #lines: readonly string[] = []

  constructor(out: TableOutput) {
    this.#out = out
  }

  draw(view: FleetView): void {
    const { columns = 120, rows = Infinity } = this.#out
    this.#lines = renderFleet(view, this.#previous, columns, rows)
    this.#previous = view
    this.#redraw('')
  }

  /** A log line: it stays above the table. */
  print(line: string): void {
    this.#redraw(line)
  }

  #redraw(above: string): void {
    const up = this.#height > 0 ? `\u001b[${this.#height}A\u001b[J` : ''
    const table = this.#lines.map((line) => `${line}\n`).join('')
    this.#height = this.#lines.length
    this.#out.write(`${up}${above}${table}`)
  }
}

/** Rates are since `previous`. Never as high as the terminal: what has scrolled out of it cannot be redrawn. */
export function renderFleet(view: FleetView, previous: FleetView | undefined, width: number, height: number): string[] {
  const room = Math.max(1, height - HEADING_LINES - 2)
  const shown = view.endpoints.length <= room + 1 ? view.endpoints : view.endpoints.slice(0, room)
  const rows = shown.map((endpoint) => {
    const before = previous?.endpoints.find((other) => other.key === endpoint.key)
    const seconds = previous === undefined ? 0 : (view.atMs - previous.atMs) / 1000
    const { running, waiting, kvCacheUtilization } = endpoint.scraped
    const { promptTokens, cachedTokens } = endpoint.totals
    return [
      endpoint.address,
      endpoint.readiness === 'ready' && endpoint.scrape.isStale ? 'stale' : endpoint.readiness,
      running.ageMs === null ? '-' : String(running.value),
      waiting.ageMs === null ? '-' : String(waiting.value),
      kvCacheUtilization.ageMs === null ? '-' : `${(kvCacheUtilization.value * 100).toFixed(0)}%`,
      before === undefined || seconds <= 0 ? '-' : ((endpoint.totals.started - before.totals.started) / seconds).toFixed(1),
      promptTokens === 0 ? '-' : `${((100 * cachedTokens) / promptTokens).toFixed(0)}%`,
      endpoint.ttftMs === null ? '-' : `${endpoint.ttftMs.toFixed(0)} ms`,
      toLoggable(endpoint.adapters.active.join(' ')),
    ]
  })
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 || column === HEADINGS.length - 1 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
      .slice(0, Math.max(20, width - 1))
  const hidden = view.endpoints.length - shown.length
  return ['', toLine(HEADINGS), ...rows.map(toLine), ...(hidden === 0 ? [] : [`and ${hidden} more`])]
}
