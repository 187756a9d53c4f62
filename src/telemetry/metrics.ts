/** The catalogue brought to life: one registry of our own, with a typed handle for each metric. */
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { METRICS } from '#/telemetry/metric-catalogue.ts'
import type { MetricDefinition } from '#/telemetry/metric-catalogue.ts'

type MetricName = keyof typeof METRICS
export type Labels = Readonly<Record<string, string>>

export class Metrics {
  readonly #registry: Registry = new Registry()
  readonly #counters = new Map<MetricName, Counter<string>>()
  readonly #gauges = new Map<MetricName, Gauge<string>>()
  readonly #histograms = new Map<MetricName, Histogram<string>>()
  readonly #collectors: (() => void)[] = []

  constructor() {
    for (const name of Object.keys(METRICS).filter(isMetricName)) this.#create(name, METRICS[name])
  }

  counter(name: MetricName): Counter<string> {
    return found(this.#counters.get(name), name)
  }

  gauge(name: MetricName): Gauge<string> {
    return found(this.#gauges.get(name), name)
  }

  histogram(name: MetricName): Histogram<string> {
    return found(this.#histograms.get(name), name)
  }

  /** Runs before each exposition: for gauges that are read from state rather than kept. */
  onCollect(collector: () => void): void {
    this.#collectors.push(collector)
  }

  /** Prometheus text format 0.0.4. */
  expose(): Promise<string> {
    for (const collect of this.#collectors) collect()
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #create(name: MetricName, definition: MetricDefinition): void {
    const common = { name: definition.name, help: definition.help, labelNames: [...definition.labels], registers: [this.#registry] }
    if (definition.kind === 'counter') this.#counters.set(name, new Counter(common))
    else if (definition.kind === 'gauge') this.#gauges.set(name, new Gauge(common))
    else this.#histograms.set(name, new Histogram({ ...common, buckets: [...(definition.buckets ?? [])] }))
  }
}

function isMetricName(name: string): name is MetricName {
  return name in METRICS
}

function found<T>(metric: T | undefined, name: string): T {
  if (metric === undefined) throw new Error(`metric ${name} is of another kind`)
  return metric
}
