import assert from 'node:assert/strict'
import { it } from 'node:test'
import { mixKeys } from '#/sim/engine/block-key.ts'
import { outputLength } from '#/sim/text/output-length.ts'

it('output lengths have the median and the 90th percentile of the trace, and follow from the seed', () => {
  const lengths = Array.from({ length: 5000 }, (_, i) => outputLength(mixKeys(1, i))).sort((a, b) => a - b)
  const quantile = (q: number): number => lengths[Math.floor(q * lengths.length)]!
  assert.ok(Math.abs(quantile(0.5) - 129) < 10, `median ${quantile(0.5)}`)
  assert.ok(Math.abs(quantile(0.9) - 424) < 40, `p90 ${quantile(0.9)}`)
  assert.ok(lengths[0]! >= 1)
  assert.equal(outputLength(5), outputLength(5))
})
