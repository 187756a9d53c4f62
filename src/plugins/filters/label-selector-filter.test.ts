import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { labelSelectorFilter } from '#/plugins/filters/label-selector-filter.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { Filter } from '#/sdk/filter.ts'

const LABELS = [{ role: 'decode', zone: 'a' }, { role: 'prefill', zone: 'a' }, { role: 'decode', zone: 'b' }, {}]

describe('label-selector-filter', () => {
  const cases: [name: string, selector: unknown, kept: number[]][] = [
    ['keeps everyone without a selector', {}, [0, 1, 2, 3]],
    ['matchLabels', { matchLabels: { role: 'decode' } }, [0, 2]],
    ['matchLabels, all of them', { matchLabels: { role: 'decode', zone: 'b' } }, [2]],
    ['In', { matchExpressions: [{ key: 'role', operator: 'In', values: ['prefill', 'encode'] }] }, [1]],
    ['NotIn, also without the label', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, [2, 3]],
    ['Exists', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, [0, 1, 2]],
    ['DoesNotExist', { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist', values: [] }] }, [3]],
    [
      'labels and expressions together',
      { matchLabels: { zone: 'a' }, matchExpressions: [{ key: 'role', operator: 'NotIn', values: ['decode'] }] },
      [1],
    ],
    ['a name that every object has', { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }, []],
  ]
  for (const [name, selector, kept] of cases) {
    test(name, () => {
      const harness = createPluginHarness()
      for (const [slot, labels] of LABELS.entries()) harness.labels.set(slot, { ...labels })
      assert.deepEqual(keptBy(harness.create(labelSelectorFilter, selector), [0, 1, 2, 3]), kept)
    })
  }

  test('reads the labels of an endpoint once, and again when labels change', () => {
    const harness = createPluginHarness()
    const filter = harness.create(labelSelectorFilter, { matchLabels: { role: 'decode' } })
    harness.labels.set(0, { role: 'decode' })
    assert.deepEqual(keptBy(filter, [0, 1]), [0])
    assert.deepEqual(keptBy(filter, [0, 1]), [0])
    assert.equal(harness.labels.reads, 2)
    harness.labels.set(0, { role: 'prefill' })
    harness.labels.set(1, { role: 'decode' })
    assert.deepEqual(keptBy(filter, [0, 1]), [1])
  })

  for (const [name, parameters] of [
    ['In without values', { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] }],
    ['Exists with values', { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] }],
    ['an unknown operator', { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }],
    ['an unknown field', { matchLabel: { a: 'b' } }],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(() => createPluginHarness().create(labelSelectorFilter, parameters))
    })
  }
})

function keptBy(filter: Filter, slots: readonly number[]): number[] {
  const candidates = candidatesOf(slots)
  filter.keep(fakeRequest(), candidates)
  return [...candidates.slots.subarray(0, candidates.count)]
}
