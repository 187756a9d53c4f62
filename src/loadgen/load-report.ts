/** A load result as text for people. */
import type { LatencySummary } from '#/loadgen/latency-recorder.ts'
import type { LoadResult, ProcessResult } from '#/loadgen/load-result.ts'

const MAX_ENDPOINTS_SHOWN = 20

/** Lines of a table, each ended by a line feed. */
export function formatLoadReport(result: LoadResult): string {
  return [summaryLines(result), latencyLines(result), endpointLines(result), processLines(result)]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line.trimEnd()}\n`).join(''))
    .join('\n')
}

function summaryLines(result: LoadResult): string[] {
  const { requests, perSecond, usage } = result
  const bad = [
    [requests.failed, 'failed'],
    [requests.incompleteStreams, 'streams without [DONE]'],
    [requests.aborted, 'aborted on purpose'],
    [requests.unfinished, 'unfinished'],
  ] as const
  const outcomes = [`${requests.ok} ok`, ...bad.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`)]
  const lines = [
    `requests    ${requests.sent} in ${result.windowSeconds.toFixed(1)} s${result.interrupted ? ' (interrupted)' : ''}: ${outcomes.join(', ')}`,
    `throughput  ${rate(perSecond.requests)} requests/s, ${rate(perSecond.events)} events/s, ${rate(perSecond.answerBytes / 1e6)} MB/s; at most ${result.peakInFlight} in flight`,
  ]
  if (usage.promptTokens > 0) {
    const cachedPercent = (100 * usage.cachedTokens) / usage.promptTokens
    lines.push(`tokens      ${usage.promptTokens} in, of which ${cachedPercent.toFixed(1)}% cached; ${usage.completionTokens} out`)
  }
  const failures = Object.entries(result.failures).map(([kind, count]) => `${count} ${kind}`)
  if (failures.length > 0) lines.push(`failures    ${failures.join(', ')}`)
  if (result.firstBadAnswer !== undefined) lines.push(`first bad   ${result.firstBadAnswer.replaceAll(/\s+/g, ' ')}`)
  if (result.machine !== null) lines.push(`machine     ${result.machine.otherCores.toFixed(2)} cores busy with other things`)
  return lines
}

function latencyLines({ latencyMs, loop }: LoadResult): string[] {
  const rows: readonly (readonly [string, LatencySummary | undefined])[] = [
    ['first byte', latencyMs.firstByte],
    ['TTFT', latencyMs.ttft],
    ['ITL', latencyMs.itl],
    ['E2E', latencyMs.e2e],
    ['sent late', loop === 'open' ? latencyMs.lateness : undefined],
  ]
  const shown = rows.flatMap(([name, summary]) => (summary === undefined ? [] : [latencyRow(name, summary)]))
  return shown.length === 0 ? [] : [row('ms', ['mean', 'p50', 'p90', 'p95', 'p99', 'max']), ...shown]
}

function latencyRow(name: string, { mean, p50, p90, p95, p99, max }: LatencySummary): string {
  return row(
    name,
    [mean, p50, p90, p95, p99, max].map((value) => value.toFixed(2)),
  )
}

function endpointLines({ endpoints, requests }: LoadResult): string[] {
  const entries = Object.entries(endpoints)
  if (entries.length === 0) return []
  const shown = entries
    .slice(0, MAX_ENDPOINTS_SHOWN)
    .map(([name, count]) => `${name.padEnd(24)}${String(count).padStart(10)}  ${((100 * count) / requests.ok).toFixed(1)}%`)
  const hidden = entries.length - shown.length
  return [`${'endpoint'.padEnd(24)}${'requests'.padStart(10)}`, ...shown, ...(hidden > 0 ? [`... and ${hidden} more`] : [])]
}

function processLines({ processes }: LoadResult): string[] {
  const rows = Object.entries(processes).map(([name, usage]) => row(name, usage === null ? ['unknown'] : processFigures(usage)))
  return rows.length === 0 ? [] : [row('process', ['CPU cores', 'us/request', 'us/event', 'RSS MB', 'peak MB']), ...rows]
}

function processFigures(usage: ProcessResult): string[] {
  return [
    usage.cpuCores.toFixed(3),
    usage.cpuUsPerRequest.toFixed(1),
    usage.cpuUsPerEvent.toFixed(1),
    usage.rssEndMb.toFixed(1),
    usage.rssPeakMb.toFixed(1),
  ]
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(11)).join('')
}

function rate(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0)
}
