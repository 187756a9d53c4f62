/** GET /v1/models: every name of the base model, then the adapters, whose `parent` is the base model. */
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import type { Route } from '#/sim/http/route.ts'

export const models: Route = {
  method: 'GET',
  path: '/v1/models',
  kind: 'control',
  errorBody: openAiErrorBody,
  handle(exchange, replica) {
    const created = Math.floor(replica.startedAtWallMs / 1000)
    const { baseName, baseNames, adapters } = replica.models
    const common = { object: 'model', created, owned_by: 'vllm' }
    exchange.sendJson(200, {
      object: 'list',
      data: [
        ...baseNames.map((id) => ({ id, ...common, root: baseName, parent: null, max_model_len: replica.engine.config.maxModelLen })),
        ...adapters.map(({ name, path }) => ({ id: name, ...common, root: path, parent: baseName, max_model_len: null })),
      ],
    })
  },
}
