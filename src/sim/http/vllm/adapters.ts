/** POST /v1/load_lora_adapter and /v1/unload_lora_adapter, as vLLM has them with runtime LoRA updating switched on. */
import { ApiError } from '#/sim/http/api-error.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import type { Replica } from '#/sim/http/replica.ts'
import type { Route } from '#/sim/http/route.ts'

export const loadAdapter: Route = {
  method: 'POST',
  path: '/v1/load_lora_adapter',
  kind: 'control',
  errorBody: openAiErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    requireSlots(replica)
    const name = body.required('lora_name', body.string('lora_name') || undefined)
    const path = body.required('lora_path', body.string('lora_path') || undefined)
    if (!replica.models.load({ name, path }))
      throw new ApiError(400, `The name \`${name}\` is taken by a model that is loaded.`, 'lora_name')
    exchange.send(200, 'text/plain; charset=utf-8', `Success: LoRA adapter '${name}' added successfully.`)
  },
}

export const unloadAdapter: Route = {
  method: 'POST',
  path: '/v1/unload_lora_adapter',
  kind: 'control',
  errorBody: openAiErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    requireSlots(replica)
    const name = body.required('lora_name', body.string('lora_name') || undefined)
    if (!replica.models.unload(name)) throw new ApiError(404, `No adapter \`${name}\` is loaded.`, 'lora_name')
    exchange.send(200, 'text/plain; charset=utf-8', `Success: LoRA adapter '${name}' removed successfully.`)
  },
}

function requireSlots(replica: Replica): void {
  if (replica.engine.config.maxLoras === 0) throw new ApiError(400, 'The server runs without LoRA adapters.')
}
