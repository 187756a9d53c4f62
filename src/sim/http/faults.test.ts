import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { FaultInjector } from '#/sim/http/fault-injector.ts'
import { FAULTS_HELP, NO_FAULTS, parseFaults } from '#/sim/http/faults.ts'

describe('the spec of faults', () => {
  it('names each fault and its amount', () => {
    assert.deepEqual(parseFaults('latency=20, hang=0.1,error=1,reset=0,crash-after=3,slow-metrics=1.5'), {
      latencyMs: 20,
      hangRate: 0.1,
      errorRate: 1,
      resetRate: 0,
      crashAfter: 3,
      slowMetricsMs: 1.5,
    })
    assert.deepEqual(parseFaults('error=0.5'), { ...NO_FAULTS, errorRate: 0.5 })
    assert.match(FAULTS_HELP, /crash-after=N +serve N inference requests/)
  })

  it('says what is wrong with a part', () => {
    assert.throws(() => parseFaults('eror=1'), /unknown fault "eror=1"; there are: latency, hang, error, reset, crash-after, slow-metrics/)
    assert.throws(() => parseFaults('constructor=1'), /unknown fault/)
    assert.throws(() => parseFaults('error=2'), /fault "error=2": a share from 0 to 1 is expected/)
    assert.throws(() => parseFaults('crash-after=1.5'), /a whole number is expected/)
    assert.throws(() => parseFaults('latency=fast'), /a number of milliseconds is expected/)
    assert.throws(() => parseFaults(''), /unknown fault ""/)
  })
})

describe('FaultInjector', () => {
  it('strikes with the given shares, the same ones for the same seed', () => {
    const draw = (): string[] => {
      const faults = new FaultInjector({ ...NO_FAULTS, hangRate: 0.2, errorRate: 0.25, resetRate: 0.1 }, createRng(3))
      return Array.from({ length: 4000 }, () => faults.next('inference')).map(({ kind, resetMidway }) => (resetMidway ? 'reset' : kind))
    }
    const drawn = draw()
    assert.deepEqual(draw(), drawn)
    const share = (kind: string): number => drawn.filter((each) => each === kind).length / drawn.length
    assert.ok(Math.abs(share('hang') - 0.2 * 0.9) < 0.03)
    assert.ok(Math.abs(share('error') - 0.25 * 0.8 * 0.9) < 0.03)
    assert.ok(Math.abs(share('reset') - 0.1) < 0.03)
  })

  it('leaves other paths alone, but for slow metrics', () => {
    const faults = new FaultInjector(
      { latencyMs: 5, hangRate: 1, errorRate: 1, resetRate: 1, crashAfter: 0, slowMetricsMs: 7 },
      createRng(1),
    )
    assert.deepEqual(faults.next('control'), { kind: 'none', resetMidway: false, delayMs: 0 })
    assert.deepEqual(faults.next('metrics'), { kind: 'none', resetMidway: false, delayMs: 7 })
    assert.equal(faults.next('inference').kind, 'crash')
  })
})
