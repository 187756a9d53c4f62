/** States of a fleet that no healthy fleet has, for contract suites: what a plugin reads may be zero, huge, infinite or negative, but never NaN. */
import * as fc from 'fast-check'
import type { PluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

export const WORLD_ENDPOINTS = 8

export interface HostileWorld {
  /** For the n-th key that a plugin reads, the value of each slot. */
  readonly columns: readonly (readonly number[])[]
  readonly blocks: readonly number[]
  readonly weights: readonly number[]
  readonly totalBlocks: number
  readonly adapters: readonly { readonly active: readonly string[]; readonly waiting: readonly string[]; readonly max: number }[]
  readonly labels: readonly Record<string, string>[]
  /** Candidates, in ascending order. */
  readonly slots: readonly number[]
  readonly model: string
}

const hostileNumber = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity),
  fc.integer({ min: 0, max: 300 }),
  fc.double({ noNaN: true }),
)
const adapterName = fc.constantFrom('sql', 'chat', 'code')
const perSlot = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(value, { minLength: WORLD_ENDPOINTS, maxLength: WORLD_ENDPOINTS })

export const hostileWorld: fc.Arbitrary<HostileWorld> = fc.record({
  columns: fc.array(perSlot(hostileNumber), { minLength: 4, maxLength: 4 }),
  blocks: perSlot(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.constant(0xffff_ffff))),
  weights: perSlot(fc.constantFrom(0, 0.8, 1)),
  totalBlocks: fc.integer({ min: 0, max: 40 }),
  adapters: perSlot(
    fc.record({ active: fc.uniqueArray(adapterName), waiting: fc.uniqueArray(adapterName), max: fc.integer({ min: 0, max: 4 }) }),
  ),
  labels: perSlot(fc.dictionary(fc.constantFrom('role', 'zone', '__proto__', 'toString'), fc.constantFrom('', 'a', 'b'))),
  slots: fc.subarray(Array.from({ length: WORLD_ENDPOINTS }, (_, slot) => slot)),
  model: fc.constantFrom('base', 'sql', 'chat', '__proto__'),
})

/** Puts a plugin's inputs into the state of the world. */
export function enterWorld(world: HostileWorld, definition: PluginDefinition, harness: PluginHarness): void {
  const columnKeys = [...definition.requires, ...definition.uses].filter((key) => key.kind === 'column')
  for (const [i, key] of columnKeys.entries()) harness.set(key, world.columns[i % world.columns.length]!)
  harness.match.totalBlocks = world.totalBlocks
  harness.match.blocks.set(world.blocks)
  harness.match.weight.set(world.weights)
  for (const [slot, state] of world.adapters.entries()) harness.adapters.set(slot, state)
  for (const [slot, labels] of world.labels.entries()) harness.labels.set(slot, labels)
}
