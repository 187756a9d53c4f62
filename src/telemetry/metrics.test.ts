import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS } from '#/telemetry/metric-catalogue.ts'
import { Metrics } from '#/telemetry/metrics.ts'
import { collectProcessMetrics } from '#/telemetry/process-metrics.ts'
import { readSamples, seriesOf } from '#/telemetry/testing/samples.ts'

test('the page names every metric of the catalogue with its help and kind', async () => {
  const page = await new Metrics().expose()
  for (const { name, kind, help } of Object.values(METRICS)) {
    assert.ok(page.includes(`# HELP ${name} ${help}\n`), name)
    assert.ok(page.includes(`# TYPE ${name} ${kind}\n`), name)
  }
})

test('the catalogue keeps the conventions: one name each, counters in _total, buckets that rise', () => {
  const definitions = Object.values(METRICS)
  assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length)
  for (const { name, kind, buckets } of definitions) {
    assert.match(name, /^(llm_d_epp|headgate|process)_[a-z0-9_]+$/)
    assert.equal(name.endsWith('_total'), kind === 'counter', name)
    assert.equal(buckets === undefined, kind !== 'histogram', name)
    assert.ok(buckets?.every((bucket, i) => i === 0 || bucket > buckets[i - 1]!) ?? true, name)
  }
})

test('a metric asked for as another kind is a defect', () => {
  const metrics = new Metrics()
  assert.throws(() => metrics.gauge('requestTotal'), /another kind/)
  assert.throws(() => metrics.counter('requestRunning'), /another kind/)
  assert.throws(() => metrics.histogram('requestRunning'), /another kind/)
})

test('collectors run before each page, and label values are escaped', async () => {
  const metrics = new Metrics()
  let runs = 0
  metrics.onCollect(() => metrics.gauge('prefixIndexSize').set(++runs))
  metrics.counter('pluginMisbehaved').inc({ plugin_name: 'a"b\\c\nd' })
  assert.match(await metrics.expose(), /^llm_d_epp_prefix_indexer_size 1$/m)
  const page = await metrics.expose()
  assert.match(page, /^llm_d_epp_prefix_indexer_size 2$/m)
  assert.ok(page.includes('{plugin_name="a\\"b\\\\c\\nd"} 1\n'))
  assert.match(metrics.contentType, /^text\/plain/)
})

test('the process is measured: memory, CPU time that only grows, and finite delays even on a second look at once', async () => {
  const metrics = new Metrics()
  const stop = collectProcessMetrics(metrics)
  const first = await readSamples(metrics)
  const second = await readSamples(metrics)
  stop()
  assert.ok(first.get('process_resident_memory_bytes')! > 1024 * 1024)
  assert.ok(first.get('process_cpu_seconds_total')! > 0)
  assert.ok(second.get('process_cpu_seconds_total')! >= first.get('process_cpu_seconds_total')!)
  const delays = seriesOf(second, 'headgate_event_loop_delay_seconds')
  assert.equal(delays.length, 3)
  for (const series of delays) assert.ok(second.get(series)! >= 0 && second.get(series)! < 60, `${series} ${second.get(series)}`)
})
