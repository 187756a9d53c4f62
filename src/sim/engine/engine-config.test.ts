import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { atSpeed, checkEngineConfig, stepDurationMs } from '#/sim/engine/engine-config.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { ENGINE_PRESETS, findPreset } from '#/sim/engine/presets.ts'

const CONFIG: EngineConfig = {
  blockSize: 16,
  numBlocks: 8,
  maxNumSeqs: 4,
  maxNumBatchedTokens: 64,
  maxModelLen: 128,
  maxLoras: 1,
  adapterLoadMs: 1000,
  stepTime: { baseMs: 1, prefillTokenMs: 10, streamMs: 100, contextTokenMs: 0.5 },
}

describe('engine configuration', () => {
  it('adds up the parts of a step, each times its amount', () => {
    assert.equal(stepDurationMs(CONFIG, { prefillTokens: 2, streams: 3, contextTokens: 4, adapterLoads: 5 }), 1 + 20 + 300 + 2 + 5000)
  })

  it('divides every duration by the speed', () => {
    const load = { prefillTokens: 2, streams: 3, contextTokens: 4, adapterLoads: 5 }
    assert.equal(stepDurationMs(atSpeed(CONFIG, 4), load), stepDurationMs(CONFIG, load) / 4)
    for (const speed of [0, -1, NaN, Infinity]) assert.throws(() => atSpeed(CONFIG, speed), RangeError)
  })

  it('refuses a cache that cannot hold one context, and counts that are none', () => {
    checkEngineConfig(CONFIG)
    assert.throws(
      () => checkEngineConfig({ ...CONFIG, maxModelLen: 129 }),
      /8 KV blocks of 16 tokens hold 128 tokens, less than one context of 129/,
    )
    assert.throws(() => checkEngineConfig({ ...CONFIG, maxNumSeqs: 0 }), /maxNumSeqs 0/)
    assert.throws(() => checkEngineConfig({ ...CONFIG, blockSize: 1.5 }), /blockSize 1.5/)
    assert.throws(() => checkEngineConfig({ ...CONFIG, maxLoras: -1 }), /maxLoras -1/)
  })
})

describe('presets', () => {
  it('are possible engines, each with its source', () => {
    for (const { config, source } of Object.values(ENGINE_PRESETS)) {
      checkEngineConfig(config)
      assert.ok(source.length > 50)
    }
  })

  it('are found by name; another name is answered with the list', () => {
    assert.equal(findPreset('fast'), ENGINE_PRESETS.fast)
    assert.throws(() => findPreset('toString'), /unknown preset "toString"; there are: fast, .*qwen3-32b-2xh100, qwen2.5-7b-a10g/)
  })
})
