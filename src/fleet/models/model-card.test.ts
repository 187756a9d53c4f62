import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeModelCards, parseModelList } from '#/fleet/models/model-card.ts'

test('a list of vLLM with a base model and an adapter', () => {
  const body = JSON.stringify({
    object: 'list',
    data: [
      {
        id: 'base',
        object: 'model',
        created: 17,
        owned_by: 'vllm',
        root: '/models/base',
        parent: null,
        max_model_len: 8192,
        permission: [{}],
      },
      { id: 'adapter', object: 'model', created: 18, owned_by: 'vllm', root: '/loras/a', parent: 'base' },
    ],
  })
  assert.deepEqual(parseModelList(body), [
    { id: 'base', object: 'model', created: 17, owned_by: 'vllm', root: '/models/base', parent: undefined, max_model_len: 8192 },
    { id: 'adapter', object: 'model', created: 18, owned_by: 'vllm', root: '/loras/a', parent: 'base', max_model_len: undefined },
  ])
})

test('entries that cannot be used are left out, fields that make no sense count as absent', () => {
  const body = JSON.stringify({
    data: [
      null,
      7,
      'x',
      {},
      { id: '' },
      { id: 5 },
      { id: 'a', created: 'x', owned_by: 3, max_model_len: -1 },
      { id: 'a' },
      { id: '__proto__' },
    ],
  })
  assert.deepEqual(
    parseModelList(body)?.map(({ id, created, owned_by, max_model_len }) => [id, created, owned_by, max_model_len]),
    [
      ['a', 0, 'unknown', undefined],
      ['__proto__', 0, 'unknown', undefined],
    ],
  )
  assert.deepEqual(parseModelList('{"data":[]}'), [])
})

test('anything else is no list', () => {
  for (const body of ['', 'null', '[]', '{}', '{"data":{}}', '{"data":"x"}', '<html>', '{"data":[', '7'])
    assert.equal(parseModelList(body), undefined, body)
})

test('merged cards say what holds for all', () => {
  const [a] = parseModelList('{"data":[{"id":"m","created":5,"owned_by":"x","max_model_len":4096}]}')!
  const [b] = parseModelList('{"data":[{"id":"m","created":3,"owned_by":"y","max_model_len":2048,"parent":"p","root":"r"}]}')!
  const [c] = parseModelList('{"data":[{"id":"m","created":9}]}')!
  assert.deepEqual(mergeModelCards(a!, b!), { ...a, created: 3, max_model_len: 2048, parent: 'p', root: 'r' })
  assert.equal(mergeModelCards(a!, c!).max_model_len, 4096)
  assert.equal(mergeModelCards(c!, a!).max_model_len, 4096)
})
