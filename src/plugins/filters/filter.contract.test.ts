import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { enterWorld, hostileWorld, WORLD_ENDPOINTS } from '#/plugins/testing/hostile-world.ts'
import type { HostileWorld } from '#/plugins/testing/hostile-world.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { Filter, FilterDefinition } from '#/sdk/filter.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

/** Parameters that make the filter remove something. */
const PARAMETERS: Readonly<Record<string, readonly unknown[]>> = {
  'label-selector-filter': [
    { matchLabels: { role: 'a' } },
    { matchExpressions: [{ key: 'toString', operator: 'Exists' }] },
    { matchExpressions: [{ key: '__proto__', operator: 'NotIn', values: ['a'] }] },
  ],
}

for (const definition of BUILT_IN_PLUGINS.filter(isFilter)) {
  for (const parameters of [undefined, ...(PARAMETERS[definition.type] ?? [])]) {
    describe(`${definition.type} ${JSON.stringify(parameters) ?? ''} keeps the contract of filters`, () => {
      test('keeps some of the candidates, in their order', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const kept = keptBy(create(world), world.slots)
            assert.deepEqual(
              kept,
              world.slots.filter((slot) => kept.includes(slot)),
            )
          }),
        )
      })

      test('judges an endpoint alike whoever stands beside it', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const filter = create(world)
            const kept = keptBy(filter, world.slots)
            for (const slot of world.slots) assert.deepEqual(keptBy(filter, [slot]), kept.includes(slot) ? [slot] : [])
          }),
        )
      })

      test('keeps the same again, in another instance, and of what it kept', () => {
        fc.assert(
          fc.property(hostileWorld, (world) => {
            const filter = create(world)
            const kept = keptBy(filter, world.slots)
            assert.deepEqual(keptBy(filter, world.slots), kept)
            assert.deepEqual(keptBy(create(world), world.slots), kept)
            assert.deepEqual(keptBy(filter, kept), kept)
          }),
        )
      })

      test('takes an empty list, and one of endpoints that vanished', () => {
        const harness = createPluginHarness({ maxEndpoints: WORLD_ENDPOINTS })
        const filter = harness.create(definition, parameters)
        assert.deepEqual(keptBy(filter, []), [])
        for (let slot = 0; slot < WORLD_ENDPOINTS; slot++) filter.endpointReset?.(slot)
        keptBy(filter, [0, 1, 2])
      })
    })

    function create(world: HostileWorld): Filter {
      const harness = createPluginHarness({ maxEndpoints: WORLD_ENDPOINTS })
      enterWorld(world, definition, harness)
      return harness.create(definition, parameters)
    }
  }
}

function keptBy(filter: Filter, slots: readonly number[]): number[] {
  const candidates = candidatesOf(slots)
  filter.keep(fakeRequest(), candidates)
  return [...candidates.slots.subarray(0, candidates.count)]
}

function isFilter(definition: PluginDefinition): definition is FilterDefinition {
  return definition.stage === 'filter'
}
