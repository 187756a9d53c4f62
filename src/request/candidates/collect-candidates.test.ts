import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { collectCandidates } from '#/request/candidates/collect-candidates.ts'

interface Fixture {
  /** Endpoint i: is it ready, which model ids does it serve (undefined: it never gave a list). */
  readonly endpoints: readonly { readonly ready: boolean; readonly models?: readonly number[] }[]
}

function collect(fixture: Fixture, modelId: number, subset?: readonly string[]) {
  const table = new EndpointTable(new ColumnStore(8))
  for (const [i, { ready }] of fixture.endpoints.entries()) {
    const endpoint = table.add({ namespace: 'default', name: `e${i}`, scheme: 'http', host: `10.0.0.${i}`, port: 8000, labels: {} })
    if (ready) table.setReadiness(endpoint.ref, 'ready')
  }
  const models = {
    idOf: () => modelId,
    serves: (slot: number, id: number) => fixture.endpoints[slot]?.models?.includes(id) ?? false,
    isOpen: (slot: number) => fixture.endpoints[slot]?.models === undefined,
  }
  const out = { slots: new Uint16Array(8), count: 0 }
  const slots = Uint16Array.from(fixture.endpoints.keys())
  const lack = collectCandidates(slots, table, models, modelId, subset, out)
  return { lack, slots: [...out.slots.subarray(0, out.count)] }
}

test('ready endpoints that serve the model, in order', () => {
  const endpoints = [
    { ready: true, models: [1] },
    { ready: false, models: [1] },
    { ready: true, models: [2] },
    { ready: true, models: [1, 2] },
  ]
  assert.deepEqual(collect({ endpoints }, 1), { lack: undefined, slots: [0, 3] })
})

test('an endpoint that never gave a list may serve anything', () => {
  assert.deepEqual(collect({ endpoints: [{ ready: true }, { ready: true, models: [2] }] }, -1), { lack: undefined, slots: [0] })
})

test('the subset names addresses, or hosts with all their ports', () => {
  const endpoints = [{ ready: true }, { ready: true }, { ready: true }]
  assert.deepEqual(collect({ endpoints }, -1, ['10.0.0.1:8000', '10.0.0.2']).slots, [1, 2])
  assert.deepEqual(collect({ endpoints }, -1, ['10.0.0.1:9999']), { lack: 'none-in-subset', slots: [] })
  assert.deepEqual(collect({ endpoints }, -1, []), { lack: 'none-in-subset', slots: [] })
})

test('why there is nobody', () => {
  assert.equal(collect({ endpoints: [] }, 1).lack, 'no-members')
  assert.equal(collect({ endpoints: [{ ready: false, models: [1] }] }, 1).lack, 'none-ready')
  assert.equal(collect({ endpoints: [{ ready: true, models: [2] }] }, 1).lack, 'model-not-served')
  assert.equal(
    collect(
      {
        endpoints: [
          { ready: true, models: [2] },
          { ready: false, models: [1] },
        ],
      },
      1,
    ).lack,
    'none-ready',
  )
})
