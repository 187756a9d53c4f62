import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'
import { createRng } from '#/lib/rng.ts'
import { syntheticTrace } from '#/loadgen/synthetic-trace.ts'
import { spreadClumps } from '#/loadgen/trace-reader.ts'
import { idealHitRate } from '#/replay/ideal-hit-rate.ts'
import { formatReplayTable } from '#/replay/replay-report.ts'
import type { ReplayResult } from '#/replay/replay-result.ts'
import { replayTrace } from '#/replay/replay-trace.ts'
import { findPreset } from '#/sim/engine/presets.ts'

const RECORDS = spreadClumps(syntheticTrace({ requests: 150, requestsPerSecond: 2, rng: createRng(3) }))

function replay(policy: BuiltInProfile, seed = 1): ReplayResult {
  return replayTrace({
    records: RECORDS,
    policy,
    endpoints: 4,
    engine: findPreset('qwen3-32b-2xh100').config,
    speed: 1,
    scrapeIntervalMs: 200,
    seed,
  })
}

test('a replay serves every request, and repeats exactly under its seed', () => {
  const first = replay('default')
  assert.equal(first.requests, RECORDS.length)
  assert.equal(first.refused, 0)
  assert.equal(first.ttft?.count, RECORDS.length)
  assert.deepEqual(replay('default'), first)
})

test('routing by prefix finds more in the caches than routing by turn, and no more than there is', () => {
  const [byPrefix, byTurn] = [replay('default'), replay('round-robin')]
  assert.ok(byPrefix.hitRate > byTurn.hitRate * 1.3, `${byPrefix.hitRate} against ${byTurn.hitRate}`)
  assert.ok(byPrefix.hitRate <= byPrefix.idealHitRate)
})

test('the ideal counts what came before with the same beginning, and always computes a token', () => {
  const record = (inputTokens: number, blockIds: number[]) => ({ atMs: 0, inputTokens, outputTokens: 1, blockIds })
  assert.equal(idealHitRate([record(1024, [1, 2]), record(1024, [1, 2])]), 1023 / 2048)
  assert.equal(idealHitRate([record(1024, [1, 2]), record(1024, [3, 2])]), 0)
  assert.equal(idealHitRate([]), 0)
})

test('the table has a row for each policy, with the range over seeds', () => {
  const table = formatReplayTable([replay('random', 1), replay('random', 2), replay('default')])
  assert.match(table, /\| 4 \| 1 \| random \| 0\.\d{3} \(0\.\d{3}-0\.\d{3}\) \(0\.\d{3}\) \|/)
  assert.match(table, /\| 4 \| 1 \| default \| 0\.\d{3} \(0\.\d{3}\) \|/)
})
