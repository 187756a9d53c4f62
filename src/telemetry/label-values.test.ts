import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_LABEL_CHARS, MAX_LABEL_SETS, MAX_LABEL_VALUES, RequestLabels } from '#/telemetry/label-values.ts'
import { testRequest } from '#/telemetry/testing/test-request.ts'

const known = (): boolean => true

test('the labels of a request are its model, its target, its flow and its priority; equal ones are one object', () => {
  const labels = new RequestLabels(known)
  const request = testRequest({ model: 'm', targetModel: 'm-v2', fairnessId: 'team', priority: -1 })
  const set = labels.of(request)
  assert.deepEqual(set, { model_name: 'm', target_model_name: 'm-v2', fairness_id: 'team', priority: '-1' })
  assert.equal(labels.of({ ...request, requestId: 'another' }), set)
  assert.notEqual(labels.of({ ...request, priority: 0 }), set)
})

test('a model that no endpoint serves is `other`, whatever clients call it', () => {
  const labels = new RequestLabels((model) => model === 'm')
  for (const name of ['x', 'y', 'toString', '__proto__']) {
    const { model_name, target_model_name } = labels.of(testRequest({ model: name }))
    assert.deepEqual([model_name, target_model_name], ['other', 'other'])
  }
  assert.equal(labels.of(testRequest({ model: 'x', targetModel: 'm' }))['target_model_name'], 'm')
})

test('models beyond the cap are `other`, and those before it keep their series', () => {
  const labels = new RequestLabels(known)
  const nameOf = (i: number) => labels.of(testRequest({ model: `model-${i}` }))['model_name']
  for (let i = 0; i < MAX_LABEL_VALUES; i++) assert.equal(nameOf(i), `model-${i}`)
  assert.equal(nameOf(MAX_LABEL_VALUES), 'other')
  assert.equal(nameOf(0), 'model-0')
  assert.equal(labels.ofModel('model-1'), 'model-1')
  assert.equal(labels.ofModel('yet another'), 'other')
})

test('flows beyond the cap, and those with a name of kilobytes, are `other`', () => {
  const labels = new RequestLabels(known)
  const nameOf = (fairnessId: string) => labels.of(testRequest({ fairnessId }))['fairness_id']
  assert.equal(nameOf('x'.repeat(MAX_LABEL_CHARS)), 'x'.repeat(MAX_LABEL_CHARS))
  assert.equal(nameOf('x'.repeat(MAX_LABEL_CHARS + 1)), 'other')
  for (let i = 1; i < MAX_LABEL_VALUES; i++) nameOf(`flow-${i}`)
  assert.equal(nameOf('one more'), 'other')
  assert.equal(nameOf('flow-1'), 'flow-1')
})

test('models times flows stay within the cap on sets: flows are given up first', () => {
  const labels = new RequestLabels(known)
  const sets = new Set<string>()
  for (let model = 0; model < 60; model++) {
    for (let flow = 0; flow < 60; flow++) {
      const set = labels.of(testRequest({ model: `model-${model}`, fairnessId: `flow-${flow}` }))
      assert.equal(set['model_name'], `model-${model}`)
      sets.add(JSON.stringify(set))
    }
  }
  assert.ok(sets.size > MAX_LABEL_SETS - 1 && sets.size <= MAX_LABEL_SETS + 60, `${sets.size} sets`)
})
