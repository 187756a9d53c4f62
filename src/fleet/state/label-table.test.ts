import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { LabelTable } from '#/fleet/state/label-table.ts'

test('labels follow the endpoints, and the version tells of every change', () => {
  const table = new EndpointTable(new ColumnStore(8))
  const labels = new LabelTable(table)
  assert.deepEqual([labels.version, labels.get(0)], [0, {}])
  const { ref, slot } = table.add({ namespace: 'n', name: 'a', scheme: 'http', host: 'h', port: 80, labels: { tier: 'fast' } })
  assert.deepEqual([labels.version, labels.get(slot)], [1, { tier: 'fast' }])
  table.setReadiness(ref, 'ready')
  table.setLabels(ref, { tier: 'fast' })
  assert.equal(labels.version, 1, 'nothing about labels changed')
  table.setLabels(ref, { tier: 'slow' })
  assert.deepEqual([labels.version, labels.get(slot)], [2, { tier: 'slow' }])
  table.remove(ref)
  assert.deepEqual([labels.version, labels.get(slot)], [3, {}])
})
