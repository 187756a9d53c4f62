/** vLLM's OpenAI-compatible server. */
import { messages } from '#/sim/http/anthropic/messages.ts'
import type { Dialect } from '#/sim/http/dialect.ts'
import { chatCompletions } from '#/sim/http/openai/chat-completions.ts'
import { completions } from '#/sim/http/openai/completions.ts'
import { embeddings } from '#/sim/http/openai/embeddings.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import { models } from '#/sim/http/openai/models.ts'
import type { Route } from '#/sim/http/route.ts'
import { loadAdapter, unloadAdapter } from '#/sim/http/vllm/adapters.ts'
import { metrics } from '#/sim/http/vllm/metrics.ts'

/** The version whose names and shapes are followed. */
const VLLM_VERSION = '0.11.0'

const health: Route = {
  method: 'GET',
  path: '/health',
  kind: 'control',
  errorBody: openAiErrorBody,
  handle: (exchange) => exchange.send(200, 'text/plain; charset=utf-8', ''),
}

const version: Route = {
  method: 'GET',
  path: '/version',
  kind: 'control',
  errorBody: openAiErrorBody,
  handle: (exchange) => exchange.sendJson(200, { version: VLLM_VERSION }),
}

export const vllm: Dialect = {
  routes: [chatCompletions, completions, embeddings, models, messages, loadAdapter, unloadAdapter, metrics, health, version],
}
