/** `GET /v1/models` and `/v1/models/NAME`: what the endpoints of the pool serve, adapters included, in OpenAI's shape. */
import type { LocalRoute } from '#/edge/http/routes.ts'
import { InferenceError } from '#/errors.ts'
import type { ModelCatalogue } from '#/fleet/models/model-catalogue.ts'
import type { Pool } from '#/request/pool.ts'

export function createModelRoutes(catalogue: ModelCatalogue, pool: Pool): LocalRoute[] {
  return [
    {
      path: '/v1/models',
      hasChildren: true,
      answer(child) {
        const data = catalogue.list(pool.slots)
        if (child === undefined) return { status: 200, body: JSON.stringify({ object: 'list', data }) }
        const model = data.find(({ id }) => id === child)
        if (model !== undefined) return { status: 200, body: JSON.stringify(model) }
        return new InferenceError('model_not_found', 'No endpoint serves this model. GET /v1/models lists those that there are.', {
          param: 'model',
        })
      },
    },
  ]
}
