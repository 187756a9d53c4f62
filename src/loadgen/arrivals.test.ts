import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { fixedArrivals, poissonArrivals, traceArrivals, type Arrivals } from '#/loadgen/arrivals.ts'

function take(arrivals: Arrivals, count: number): number[] {
  return Array.from({ length: count }, () => arrivals.next()!)
}

test('Poisson arrivals keep the rate and the variance of their law', () => {
  const times = take(poissonArrivals(200, createRng(7)), 20_000)
  const gaps = times.map((time, i) => time - (times[i - 1] ?? 0))
  assert.ok(gaps.every((gap) => gap >= 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  // Mean 5 ms with a standard error of 5 / sqrt(20,000); four of them allowed.
  assert.ok(Math.abs(mean - 5) < (4 * 5) / Math.sqrt(20_000), `mean ${mean}`)
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.05, `coefficient of variation ${Math.sqrt(variance) / mean}`)
  // Counts a second are spread like their mean (Fano factor 1).
  const perSecond = new Map<number, number>()
  for (const time of times) perSecond.set(Math.floor(time / 1000), (perSecond.get(Math.floor(time / 1000)) ?? 0) + 1)
  const counts = [...perSecond.values()].slice(0, -1)
  const countMean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const fano = counts.reduce((sum, count) => sum + (count - countMean) ** 2, 0) / counts.length / countMean
  assert.ok(fano > 0.6 && fano < 1.5, `Fano factor ${fano}`)
})

test('the same seed gives the same arrivals, another seed others', () => {
  assert.deepEqual(take(poissonArrivals(10, createRng(1)), 50), take(poissonArrivals(10, createRng(1)), 50))
  assert.notDeepEqual(take(poissonArrivals(10, createRng(1)), 50), take(poissonArrivals(10, createRng(2)), 50))
})

test('fixed arrivals do not drift', () => {
  const times = take(fixedArrivals(3), 3001)
  assert.equal(times[0], 0)
  assert.ok(Math.abs(times[3000]! - 1_000_000) < 1e-6)
})

test('a trace starts at once, runs at its speed, and ends', () => {
  const arrivals = traceArrivals([500, 700, 700, 1500], 2)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => arrivals.next()),
    [0, 100, 100, 500, undefined],
  )
  assert.equal(traceArrivals([], 1).next(), undefined)
})
