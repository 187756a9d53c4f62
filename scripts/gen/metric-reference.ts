/** `docs/reference/metrics.md` from the metric catalogue. */
import { METRICS } from '#/telemetry/metric-catalogue.ts'

export function renderMetricReference(): string {
  const rows = Object.values(METRICS).map((metric) => {
    const labels = metric.labels.map((label) => `\`${label}\``).join(' ')
    return `| \`${metric.name}\` | ${metric.kind} | ${labels} | ${metric.buckets?.join(' ') ?? ''} | ${metric.help} |`
  })
  return `# Metrics

\`GET /metrics\` on the admin port, Prometheus text format. Names with \`llm_d_epp_\` are the reference endpoint picker's, with its labels and
buckets. Model names that no endpoint serves, and names beyond the first 1,000 models or fairness ids, are counted as \`other\`.

| name | kind | labels | buckets | meaning |
|---|---|---|---|---|
${rows.join('\n')}
`
}
