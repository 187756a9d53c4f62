/** The Prometheus text format with the spelling of the Python client that vLLM uses: sorted labels, floats such as `3.0` and `1.5e+06`. */
import type { Histogram } from '#/sim/http/histogram.ts'

export type Labels = Readonly<Record<string, string>>

export class Exposition {
  readonly #lines: string[] = []

  text(): string {
    return this.#lines.join('\n') + '\n'
  }

  gauge(name: string, help: string, labels: Labels, value: number): void {
    this.family(name, 'gauge', help)
    this.sample(name, labels, value)
  }

  counter(name: string, help: string, labels: Labels, value: number): void {
    this.family(name, 'counter', help)
    this.sample(name, labels, value)
  }

  histogram(name: string, help: string, labels: Labels, { bounds, counts, sum }: Histogram): void {
    this.family(name, 'histogram', help)
    let count = 0
    for (const [place, added] of counts.entries()) {
      count += added
      const bound = bounds[place]
      this.sample(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : toFloatText(bound) }, count)
    }
    this.sample(`${name}_count`, labels, count)
    this.sample(`${name}_sum`, labels, sum)
  }

  family(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  }

  sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.keys(labels)
      .sort()
      .map((label) => `${label}="${escapeLabel(labels[label]!)}"`)
    this.#lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${toFloatText(value)}`)
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** Whole numbers keep a `.0`; from a million on the mantissa has one digit before the point. */
function toFloatText(value: number): string {
  const text = Number.isInteger(value) ? `${value}.0` : String(value)
  const point = text.indexOf('.')
  if (value <= 0 || point <= 6 || text.includes('e')) return text
  const digits = (text.slice(0, point) + text.slice(point + 1)).replace(/0+$/, '')
  return `${digits[0]}.${digits.slice(1)}e+${String(point - 1).padStart(2, '0')}`.replace('.e', 'e')
}
