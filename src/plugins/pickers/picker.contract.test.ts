import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { Picker, PickerDefinition } from '#/sdk/picker.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

/** A candidate and its total score: what a profile's weights and scores can add up to. */
const scored = fc.record({
  slot: fc.nat({ max: 63 }),
  score: fc.oneof(fc.constantFrom(0, 1, 7, Number.MIN_VALUE, Number.MAX_VALUE), fc.double({ min: 0, max: 10, noNaN: true })),
})
const fleet = fc.uniqueArray(scored, { minLength: 1, maxLength: 20, selector: ({ slot }) => slot })

for (const definition of BUILT_IN_PLUGINS.filter(isPicker)) {
  describe(`${definition.type} keeps the contract of pickers`, () => {
    test('names distinct candidates, as many as are wanted or there are', () => {
      fc.assert(
        fc.property(fleet, fc.integer({ min: 1, max: 25 }), fc.integer(), (candidates, wanted, seed) => {
          const picks = pick(create(seed), candidates, wanted)
          assert.equal(picks.length, Math.min(wanted, candidates.length))
          assert.equal(new Set(picks).size, picks.length)
          for (const slot of picks) assert.ok(candidates.some((candidate) => candidate.slot === slot))
        }),
      )
    })

    test('picks the same under the same seed', () => {
      fc.assert(
        fc.property(fleet, fc.integer(), (candidates, seed) => {
          const [a, b] = [create(seed), create(seed)]
          for (let i = 0; i < 3; i++) assert.deepEqual(pick(a, candidates, 3), pick(b, candidates, 3))
        }),
      )
    })

    test('picks the only candidate, whatever it scores', () => {
      for (const score of [0, 0.5, Number.MAX_VALUE]) assert.deepEqual(pick(create(1), [{ slot: 9, score }], 4), [9])
    })

    test('deals equal endpoints equal shares, as the pick and as the fallback', () => {
      const picker = create(20_260_824)
      const endpoints = Array.from({ length: 8 }, (_, slot) => ({ slot, score: 2.5 }))
      const first = Array.from(endpoints, () => 0)
      const second = Array.from(endpoints, () => 0)
      for (let i = 0; i < 8000; i++) {
        const [pickOf, fallback] = pick(picker, endpoints, 2)
        first[pickOf!]!++
        second[fallback!]!++
      }
      assert.ok(chiSquare(first) < CHI_SQUARE_7_DF_999, `picks: ${first.join(' ')}`)
      assert.ok(chiSquare(second) < CHI_SQUARE_7_DF_999, `fallbacks: ${second.join(' ')}`)
    })

    test('names one endpoint by itself, or as many as it is configured to', () => {
      const harness = createPluginHarness()
      assert.equal(harness.create(definition).maxNumOfEndpoints, 1)
      assert.equal(harness.create(definition, { maxNumOfEndpoints: 3 }).maxNumOfEndpoints, 3)
      assert.throws(() => harness.create(definition, { maxNumOfEndpoints: 0 }))
    })
  })

  function create(seed: number): Picker {
    return createPluginHarness({ seed }).create(definition)
  }
}

/** 99.9th percentile of the chi-square distribution with 7 degrees of freedom. */
const CHI_SQUARE_7_DF_999 = 24.32

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

function pick(picker: Picker, fleet: readonly { readonly slot: number; readonly score: number }[], wanted: number): number[] {
  const ranked = new Uint16Array(wanted)
  const total = Float64Array.from(fleet, ({ score }) => score)
  const count = picker.pick(fakeRequest(), candidatesOf(fleet.map(({ slot }) => slot)), total, ranked)
  return [...ranked.subarray(0, count)]
}

function isPicker(definition: PluginDefinition): definition is PickerDefinition {
  return definition.stage === 'picker'
}
