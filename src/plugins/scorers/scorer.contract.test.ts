import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { fakeAttempt, fakeRequest } from '#/plugins/testing/fake-request.ts'
import { enterWorld, hostileWorld, WORLD_ENDPOINTS } from '#/plugins/testing/hostile-world.ts'
import type { HostileWorld } from '#/plugins/testing/hostile-world.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'
import type { Scorer, ScorerDefinition } from '#/sdk/scorer.ts'

/** Parameters beside the defaults that reach further branches. */
const PARAMETERS: Readonly<Record<string, readonly unknown[]>> = {
  'active-request-scorer': [{ idleThreshold: 2, maxBusyScore: 0.5 }],
  'no-hit-lru-scorer': [{ lruSize: 2 }],
  'prefix-cache-scorer': [{ matchLengthWeight: 0.7, matchLengthScaleTokens: 100 }],
}
const UNTOUCHED = -7

for (const definition of BUILT_IN_PLUGINS.filter(isScorer)) {
  for (const parameters of [undefined, ...(PARAMETERS[definition.type] ?? [])]) {
    describe(`${definition.type} ${JSON.stringify(parameters) ?? ''} keeps the contract of scorers`, () => {
      test('scores every candidate in [0, 1] and touches nothing else', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const { harness, scorer } = create(world)
            const before = snapshot(harness.match.blocks, ...columnsOf(harness))
            const candidates = candidatesOf(world.slots)
            const out = new Float64Array(WORLD_ENDPOINTS).fill(UNTOUCHED)
            scorer.score(fakeRequest({ targetModel: world.model }), candidates, out)
            for (const [i, score] of out.entries()) {
              if (i < world.slots.length) assert.ok(score >= 0 && score <= 1, `slot ${world.slots[i]} scores ${score}`)
              else assert.equal(score, UNTOUCHED)
            }
            assert.deepEqual([...candidates.slots], world.slots)
            assert.equal(candidates.count, world.slots.length)
            assert.deepEqual(snapshot(harness.match.blocks, ...columnsOf(harness)), before)
          }),
        )
      })

      test('scores the same again, and the same in another instance', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const { scorer } = create(world)
            const first = scoresOf(scorer, world)
            assert.deepEqual(scoresOf(scorer, world), first)
            assert.deepEqual(scoresOf(create(world).scorer, world), first)
          }),
        )
      })

      test('scores a single candidate', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const [score] = scoresOf(create(world).scorer, { ...world, slots: [3] })
            assert.ok(score! >= 0 && score! <= 1)
          }),
        )
      })

      test('forgets an endpoint that vanished, and survives the late end of its attempts', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const { scorer } = create(world)
            const untaught = scoresOf(scorer, world)
            const attempts = world.slots.map((slot) => fakeAttempt({ slot, totalBlocks: 4 }))
            for (const attempt of attempts) scorer.attemptSent?.(attempt)
            for (const slot of world.slots) scorer.endpointReset?.(slot)
            for (const attempt of attempts) scorer.attemptEnded?.(attempt, 'upstream-failed', 1, false)
            assert.deepEqual(scoresOf(scorer, world), untaught)
          }),
        )
      })
    })

    function create(world: HostileWorld): { harness: ReturnType<typeof createPluginHarness>; scorer: Scorer } {
      const harness = createPluginHarness({ maxEndpoints: WORLD_ENDPOINTS })
      enterWorld(world, definition, harness)
      return { harness, scorer: harness.create(definition, parameters) }
    }
  }

  function columnsOf(harness: ReturnType<typeof createPluginHarness>): Float64Array[] {
    return definition.requires.filter((key) => key.kind === 'column').map((key) => harness.column(key).values)
  }
}

function scoresOf(scorer: Scorer, { slots, model }: HostileWorld): number[] {
  const out = new Float64Array(slots.length)
  scorer.score(fakeRequest({ targetModel: model }), candidatesOf(slots), out)
  return [...out]
}

function snapshot(...arrays: (Float64Array | Uint32Array)[]): number[][] {
  return arrays.map((array) => [...array])
}

function isScorer(definition: PluginDefinition): definition is ScorerDefinition {
  return definition.stage === 'scorer'
}
