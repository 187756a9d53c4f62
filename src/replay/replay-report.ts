/** Replay results as a Markdown table: a row for each policy, fleet and load, means over seeds with the range where there are several. */
import type { ReplayResult } from '#/replay/replay-result.ts'

export function formatReplayTable(results: readonly ReplayResult[]): string {
  const head =
    '| endpoints | speed | policy | hit rate (ideal) | TTFT mean | p50 | p90 | p99 ms | ITL p90 ms | goodput | spread | preemptions |'
  const groups = Map.groupBy(results, (result) => `${result.endpoints}/${result.speed}/${result.policy}`)
  const rows = [...groups.values()].map((group) => formatRow(group))
  const first = results[0]
  const note =
    first === undefined
      ? ''
      : `\n${first.requests} requests${first.tooLong > 0 ? `, ${first.tooLong} too long for the engine left out` : ''}.\n`
  return `${[head, '|---|---|---|---|---|---|---|---|---|---|---|---|', ...rows].join('\n')}\n${note}`
}

function formatRow(group: readonly ReplayResult[]): string {
  const first = group[0]!
  const ms = (pick: (result: ReplayResult) => number | undefined): string => formatMean(group, (result) => pick(result) ?? NaN, 0)
  return `| ${[
    first.endpoints,
    first.speed,
    first.policy,
    `${formatMean(group, (result) => result.hitRate, 3)} (${first.idealHitRate.toFixed(3)})`,
    ms((result) => result.ttft?.mean),
    ms((result) => result.ttft?.p50),
    ms((result) => result.ttft?.p90),
    ms((result) => result.ttft?.p99),
    formatMean(group, (result) => result.itl?.p90 ?? NaN, 1),
    formatMean(group, (result) => result.goodput, 3),
    formatMean(group, (result) => result.spread, 3),
    formatMean(group, (result) => result.preemptions, 0),
  ].join(' | ')} |`
}

function formatMean(group: readonly ReplayResult[], pick: (result: ReplayResult) => number, digits: number): string {
  const values = group.map(pick)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length === 1) return mean.toFixed(digits)
  return `${mean.toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`
}
