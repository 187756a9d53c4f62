import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startQuick } from '#/sim/http/test-client.ts'

it('GET /v1/models lists the names of the base model and the adapters with their parent', async () => {
  await using simulators = await startQuick({ replicas: 2, models: ['base-model', 'alias'], adapterReplicas: 1 })
  const lists = await Promise.all(simulators.urls.map(async (url) => JSON.parse(await (await fetch(`${url}/v1/models`)).text())))
  const shown = lists.map(({ data }: { data: { id: string; parent: string | null; max_model_len: number | null }[] }) =>
    data.map(({ id, parent, max_model_len }) => [id, parent, max_model_len]),
  )
  const base = [
    ['base-model', null, 1024],
    ['alias', null, 1024],
  ]
  assert.deepEqual(shown, [[...base, ['sql-adapter', 'base-model', null]], base])
})
