import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { fakeAttempt, fakeRequest } from '#/plugins/testing/fake-request.ts'
import { enterWorld, hostileWorld, WORLD_ENDPOINTS } from '#/plugins/testing/hostile-world.ts'
import type { HostileWorld } from '#/plugins/testing/hostile-world.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'
import type { Producer, ProducerDefinition } from '#/sdk/producer.ts'

const prompt = fc.array(fc.nat({ max: 3 }), { maxLength: 12 })

for (const definition of BUILT_IN_PLUGINS.filter(isProducer)) {
  describe(`${definition.type} keeps the contract of producers`, () => {
    test('produces something', () => {
      assert.ok(definition.produces.length > 0)
    })

    test('produces numbers for every set of candidates, and leaves the set as it is', () => {
      fc.assert(
        fc.property(hostileWorld, prompt, (world, blocks) => {
          const { harness, producer } = create(world)
          const candidates = candidatesOf(world.slots)
          producer.produce?.(fakeRequest({}, blocks), candidates)
          assert.deepEqual([...candidates.slots], world.slots)
          assert.equal(candidates.count, world.slots.length)
          for (const key of definition.produces) {
            if (key.kind === 'column') assert.ok(harness.column(key).values.every((value) => !Number.isNaN(value)))
          }
        }),
      )
    })

    test('produces the same again, and the same in another instance', () => {
      fc.assert(
        fc.property(hostileWorld, prompt, (world, blocks) => {
          const { harness, producer } = create(world)
          const produce = (from: Producer, into: PluginHarness): unknown => {
            from.produce?.(fakeRequest({}, blocks), candidatesOf(world.slots))
            return [
              structuredClone(into.match),
              definition.produces.map((key) => (key.kind === 'column' ? into.column(key).values.slice() : 0)),
            ]
          }
          const first = produce(producer, harness)
          assert.deepEqual(produce(producer, harness), first)
          const other = create(world)
          assert.deepEqual(produce(other.producer, other.harness), first)
        }),
      )
    })

    test('survives attempts that end after their endpoint vanished, and events of attempts that it never saw begin', () => {
      const { producer } = create()
      const attempt = fakeAttempt({ request: fakeRequest({}, [1, 2, 3]), slot: 2, totalBlocks: 3, uncachedTokens: 100 })
      producer.attemptSent?.(attempt)
      producer.endpointReset?.(2)
      producer.attemptFirstByte?.(attempt, 1)
      producer.attemptEnded?.(attempt, 'upstream-failed', 2, false)
      const stranger = fakeAttempt({ slot: 3 })
      producer.attemptFirstByte?.(stranger, 1)
      producer.attemptChunk?.(stranger, 1)
      producer.attemptEnded?.(stranger, 'complete', 2, true)
    })
  })

  function create(world?: HostileWorld): { harness: PluginHarness; producer: Producer } {
    const harness = createPluginHarness({ maxEndpoints: WORLD_ENDPOINTS })
    if (world !== undefined) enterWorld(world, definition, harness)
    return { harness, producer: harness.create(definition) }
  }
}

function isProducer(definition: PluginDefinition): definition is ProducerDefinition {
  return definition.stage === 'producer'
}
