import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Histogram } from '#/sim/http/histogram.ts'
import { Exposition } from '#/sim/http/vllm/exposition.ts'

it('writes families, samples and histograms as the Python client spells them', () => {
  const page = new Exposition()
  page.gauge('g', 'A gauge.', {}, 1_763_600_000.25)
  page.counter('c_total', 'A counter.', { z: '1', a: 'say "hi"\\\n' }, 3)
  const histogram = new Histogram([0.5, 1, 20])
  for (const value of [0.5, 0.75, 21]) histogram.observe(value)
  page.histogram('h', 'A histogram.', { m: 'x' }, histogram)
  assert.equal(
    page.text(),
    `# HELP g A gauge.
# TYPE g gauge
g 1.76360000025e+09
# HELP c_total A counter.
# TYPE c_total counter
c_total{a="say \\"hi\\"\\\\\\n",z="1"} 3.0
# HELP h A histogram.
# TYPE h histogram
h_bucket{le="0.5",m="x"} 1.0
h_bucket{le="1.0",m="x"} 2.0
h_bucket{le="20.0",m="x"} 2.0
h_bucket{le="+Inf",m="x"} 3.0
h_count{m="x"} 3.0
h_sum{m="x"} 22.25
`,
  )
})

it('writes large and small floats so that they read back as themselves', () => {
  for (const [value, text] of [
    [0, '0.0'],
    [999_999, '999999.0'],
    [1_000_000, '1e+06'],
    [12_345_678.5, '1.23456785e+07'],
    [1e-7, '1e-7'],
    [0.1 + 0.2, '0.30000000000000004'],
  ] as const) {
    const page = new Exposition()
    page.sample('x', {}, value)
    assert.equal(page.text(), `x ${text}\n`)
    assert.equal(Number(text), value)
  }
})
