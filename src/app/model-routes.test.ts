import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createModelRoutes } from '#/app/model-routes.ts'
import { InferenceError } from '#/errors.ts'
import { ModelCatalogue } from '#/fleet/models/model-catalogue.ts'
import { ScriptedGet } from '#/fleet/scrape/testing/scripted-get.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { createRng } from '#/lib/rng.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { testPool } from '#/request/testing/router-rig.ts'

const NO_HEADERS = { get: () => undefined }

interface Card {
  readonly id: string
  readonly parent?: string
  readonly max_model_len?: number
}

/** The routes in front of endpoints of one pool that list these cards; the last one is of another pool. */
function createRoutes(...lists: readonly (readonly Card[])[]) {
  const table = new EndpointTable(new ColumnStore(8))
  const http = new ScriptedGet()
  const catalogue = new ModelCatalogue({ endpoints: table, http, clock: new VirtualClock(), rng: createRng(1) })
  catalogue.start()
  const endpoints = lists.map((list, i) => {
    const endpoint = table.add({ namespace: 'default', name: `e${i}`, scheme: 'http', host: 'h', port: i + 1, labels: {} })
    table.setReadiness(endpoint.ref, 'ready')
    http.only.answer(200, JSON.stringify({ object: 'list', data: list }))
    return endpoint
  })
  const pool = testPool()
  pool.slots = Uint16Array.from(endpoints.slice(0, -1).map(({ slot }) => slot))
  const [route, ...others] = createModelRoutes(catalogue, pool)
  assert.ok(route !== undefined && others.length === 0)
  return { table, endpoints, answer: (child?: string) => route.answer(child, NO_HEADERS) }
}

function bodyOf(answer: ReturnType<ReturnType<typeof createRoutes>['answer']>): unknown {
  assert.ok(!(answer instanceof InferenceError), 'an error')
  assert.equal(answer.status, 200)
  return JSON.parse(answer.body)
}

const BASE = { id: 'base', max_model_len: 4096 }
const ADAPTER = { id: 'team/sql', parent: 'base' }
const card = (fields: Card) => ({ object: 'model', created: 0, owned_by: 'unknown', ...fields })

test('the list is what the endpoints of the pool serve, adapters included, each model once', () => {
  const { answer } = createRoutes([BASE], [{ ...BASE, max_model_len: 2048 }, ADAPTER], [{ id: 'of-another-pool' }])
  assert.deepEqual(bodyOf(answer()), { object: 'list', data: [card({ ...BASE, max_model_len: 2048 }), card(ADAPTER)] })
})

test('a model by its name, slashes and all', () => {
  const { answer } = createRoutes([BASE, ADAPTER], [])
  assert.deepEqual(bodyOf(answer('team/sql')), card(ADAPTER))
})

test('a name that nobody serves is an error in words, and so is one of an endpoint that is gone', () => {
  const { table, endpoints, answer } = createRoutes([BASE], [{ id: 'elsewhere' }])
  for (const name of ['nobody', 'elsewhere', 'toString', '']) {
    const error = answer(name)
    assert.ok(error instanceof InferenceError, name)
    assert.equal(error.code, 'model_not_found')
    assert.equal(error.param, 'model')
  }
  table.setReadiness(endpoints[0]!.ref, 'down')
  assert.ok(answer('base') instanceof InferenceError)
  assert.deepEqual(bodyOf(answer()), { object: 'list', data: [] })
})
