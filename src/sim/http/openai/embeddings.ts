/** POST /v1/embeddings: the engine computes the prompts, the vectors are pseudo-random and of unit length. */
import { createRng } from '#/lib/rng.ts'
import { planPrompt } from '#/sim/http/answer-plan.ts'
import { ApiError } from '#/sim/http/api-error.ts'
import { generate } from '#/sim/http/generation.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import { readPrompts } from '#/sim/http/openai/prompts.ts'
import type { Route } from '#/sim/http/route.ts'
import { textAnswer } from '#/sim/text/answer.ts'

const DEFAULT_DIMENSIONS = 64
const MAX_DIMENSIONS = 4096

export const embeddings: Route = {
  method: 'POST',
  path: '/v1/embeddings',
  kind: 'inference',
  errorBody: openAiErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    const model = body.string('model')
    const adapter = replica.models.adapterFor(model)
    const dimensions = body.integer('dimensions', 1, MAX_DIMENSIONS) ?? DEFAULT_DIMENSIONS
    const encoding = body.string('encoding_format') ?? 'float'
    if (encoding !== 'float' && encoding !== 'base64')
      throw new ApiError(400, '`encoding_format` is neither float nor base64.', 'encoding_format')
    const choices = readPrompts(body, 'input').map((tokens, index) => {
      const prompt = planPrompt(replica, adapter, tokens, 0)
      return { index, prompt, answer: textAnswer(prompt, '', 0) }
    })
    generate(exchange, replica, adapter, choices, {
      end({ promptTokens }) {
        exchange.sendJson(200, {
          id: `embd-${exchange.id}`,
          object: 'list',
          created: Math.floor(replica.clock.wallMs() / 1000),
          model: model ?? replica.models.baseName,
          data: choices.map(({ index, prompt }) => {
            const vector = unitVector(prompt.digest, dimensions)
            return {
              index,
              object: 'embedding',
              embedding: encoding === 'float' ? [...vector] : Buffer.from(vector.buffer).toString('base64'),
            }
          }),
          usage: { prompt_tokens: promptTokens, total_tokens: promptTokens, completion_tokens: 0 },
        })
      },
    })
  },
}

function unitVector(seed: number, dimensions: number): Float32Array<ArrayBuffer> {
  const rng = createRng(seed)
  const vector = Float32Array.from({ length: dimensions }, () => rng.next() - 0.5)
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}
