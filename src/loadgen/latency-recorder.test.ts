import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { LatencyRecorder } from '#/loadgen/latency-recorder.ts'

function exactPercentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1]!
}

test('percentiles are within the documented error of the exact ones', () => {
  const durationMs = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 100_000, noNaN: true }),
    fc.nat(3_000_000),
  )
  fc.assert(
    fc.property(fc.array(durationMs, { minLength: 1, maxLength: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
      const recorder = new LatencyRecorder()
      for (const value of values) recorder.record(value)
      const exact = exactPercentile(values, fraction)
      // Half a microsecond of rounding on the way in, then half a bucket.
      assert.ok(
        Math.abs(recorder.percentile(fraction) - exact) <= 0.0005 + (exact + 0.0005) / 512 + 1e-9,
        `${recorder.percentile(fraction)} for ${exact}`,
      )
    }),
  )
})

test('count, mean and maximum are exact', () => {
  const recorder = new LatencyRecorder()
  for (const value of [0.25, 1000.75, 3]) recorder.record(value)
  const summary = recorder.summary()
  assert.equal(summary?.count, 3)
  assert.equal(summary.mean, 1004 / 3)
  assert.equal(summary.max, 1000.75)
  assert.equal(recorder.percentile(1), 1000.75)
  assert.equal(recorder.percentile(0), 0.25)
})

test('nothing recorded, nothing claimed', () => {
  const recorder = new LatencyRecorder()
  assert.equal(recorder.summary(), undefined)
  assert.ok(Number.isNaN(recorder.percentile(0.5)))
})

test('a time beyond the range is kept as the longest, a negative one as zero', () => {
  const recorder = new LatencyRecorder()
  recorder.record(-1)
  assert.equal(recorder.percentile(0.5), 0)
  recorder.record(1e9)
  assert.equal(recorder.summary()?.max, 1e9)
  recorder.record(1e9)
  assert.ok(recorder.percentile(0.5) > 4_000_000)
})
