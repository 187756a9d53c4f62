/** The measurements as Markdown: one table for each kind of measurement, medians over the repetitions, ranges where they matter. */
import type { LoadResult } from '#/loadgen/load-result.ts'
import type { Measured } from './measure.ts'
import type { Measure, Scenario } from './scenarios.ts'

/** The runs of one scenario through one contender, and those of the same scenario through haproxy. */
interface Runs {
  readonly scenario: Scenario
  readonly runs: readonly Measured[]
  readonly reference: readonly Measured[]
}

interface Section {
  readonly kind: Measure['kind']
  readonly columns: readonly string[]
  readonly row: (runs: Runs) => readonly string[]
}

const NONE = '-'

const SECTIONS: readonly Section[] = [
  {
    kind: 'load',
    columns: [
      'CPU us/request (range)',
      'x haproxy',
      'requests/s',
      'TTFT p50 / p99 ms',
      'E2E p50 / p99 ms',
      'not ok',
      'peak RSS MB',
      'cores: gateway, load, others',
    ],
    row: ({ runs, reference }) => [
      medianAndRange(runs, cpuUsPerRequest),
      figure(medianOf(runs, cpuUsPerRequest) / medianOf(reference, cpuUsPerRequest)),
      loadFigure(runs, ({ perSecond }) => perSecond.requests),
      `${loadFigure(runs, ({ latencyMs }) => latencyMs.ttft?.p50)} / ${loadFigure(runs, ({ latencyMs }) => latencyMs.ttft?.p99)}`,
      `${loadFigure(runs, ({ latencyMs }) => latencyMs.e2e?.p50)} / ${loadFigure(runs, ({ latencyMs }) => latencyMs.e2e?.p99)}`,
      notOkOf(runs),
      loadFigure(runs, ({ processes }) => processes['gateway']?.rssPeakMb),
      [
        loadFigure(runs, ({ processes }) => processes['gateway']?.cpuCores),
        loadFigure(runs, ({ processes }) => processes['load']?.cpuCores),
        loadFigure(runs, ({ machine }) => machine?.otherCores),
      ].join(', '),
    ],
  },
  {
    kind: 'memory',
    columns: ['growth MB (range)', 'x body', 'E2E p50 ms', 'not ok'],
    row: ({ scenario, runs }) => [
      medianAndRange(runs, ({ growthBytes }) => scaled(growthBytes, 1e-6)),
      scenario.measure.kind === 'memory' ? figure(medianOf(runs, ({ growthBytes }) => growthBytes) / scenario.measure.bodyBytes) : NONE,
      loadFigure(runs, ({ latencyMs }) => latencyMs.e2e?.p50),
      notOkOf(runs),
    ],
  },
  {
    kind: 'idle',
    columns: ['CPU cores (range)', 'RSS MB'],
    row: ({ runs }) => [
      medianAndRange(runs, ({ idle }) => idle?.cores, 3),
      figure(medianOf(runs, ({ idle }) => scaled(idle?.rssBytes, 1e-6))),
    ],
  },
]

/** `contenders` in the order of their rows; `setting` says on what and how it was measured. */
export function formatReport(
  scenarios: readonly Scenario[],
  contenders: readonly string[],
  measured: readonly Measured[],
  setting: readonly string[],
): string {
  const parts = [setting.map((line) => `- ${line}`).join('\n')]
  for (const { kind, columns, row } of SECTIONS) {
    const rows: (readonly string[])[] = []
    for (const scenario of scenarios.filter(({ measure }) => measure.kind === kind)) {
      const through = (name: string): Measured[] => measured.filter((each) => each.scenario === scenario.name && each.contender === name)
      for (const contender of contenders) {
        const runs = through(contender)
        if (runs.length === 0) continue
        rows.push([scenario.title, scenario.aim, contender, String(runs.length), ...row({ scenario, runs, reference: through('haproxy') })])
      }
    }
    if (rows.length > 0) parts.push(table(['scenario', 'aim', 'through', 'n', ...columns], rows))
  }
  return `${parts.join('\n\n')}\n`
}

/** Requests that were not answered well, over all runs. */
export function notOk({ requests }: LoadResult): number {
  return requests.sent - requests.ok
}

function notOkOf(runs: readonly Measured[]): string {
  return String(runs.reduce((sum, { load }) => sum + (load === undefined ? 0 : notOk(load)), 0))
}

function cpuUsPerRequest({ load }: Measured): number | undefined {
  return load === undefined || load.perSecond.requests === 0 ? undefined : load.processes['gateway']?.cpuUsPerRequest
}

function loadFigure(runs: readonly Measured[], value: (result: LoadResult) => number | undefined): string {
  return figure(medianOf(runs, ({ load }) => (load === undefined ? undefined : value(load))))
}

/** NaN if no run has the value. */
function medianOf(runs: readonly Measured[], value: (run: Measured) => number | undefined): number {
  const sorted = runs.flatMap((run) => value(run) ?? []).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function medianAndRange(runs: readonly Measured[], value: (run: Measured) => number | undefined, digits?: number): string {
  const values = runs.flatMap((run) => value(run) ?? [])
  if (values.length === 0) return NONE
  const [low, middle, high] = [Math.min(...values), medianOf(runs, value), Math.max(...values)].map((each) => figure(each, digits))
  return `${middle} (${low}-${high})`
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}

/** Three digits unless told, at most two of them behind the point. */
function figure(value: number, digits?: number): string {
  if (!Number.isFinite(value)) return NONE
  return value.toFixed(digits ?? (value < 10 ? 2 : value < 100 ? 1 : 0))
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
