/** POST /v1/completions, streamed or not: text or token ids, one prompt or several. */
import { planChoices, readSampling } from '#/sim/http/answer-plan.ts'
import type { Choice } from '#/sim/http/generation.ts'
import { generate } from '#/sim/http/generation.ts'
import type { HttpExchange } from '#/sim/http/http-exchange.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import { readPrompts } from '#/sim/http/openai/prompts.ts'
import { toOpenAiUsage } from '#/sim/http/openai/usage.ts'
import type { Replica } from '#/sim/http/replica.ts'
import type { Route } from '#/sim/http/route.ts'

/** What the API documents for an absent `max_tokens`. */
const DEFAULT_MAX_TOKENS = 16

export const completions: Route = {
  method: 'POST',
  path: '/v1/completions',
  kind: 'inference',
  errorBody: openAiErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    const model = body.string('model')
    const adapter = replica.models.adapterFor(model)
    const choices = planChoices(replica, adapter, readPrompts(body, 'prompt'), readSampling(body, DEFAULT_MAX_TOKENS))
    const head = {
      id: `cmpl-${exchange.id}`,
      object: 'text_completion',
      created: Math.floor(replica.clock.wallMs() / 1000),
      model: model ?? replica.models.baseName,
    }
    if (body.boolean('stream')) {
      stream(exchange, replica, adapter, choices, head, body.object('stream_options')?.boolean('include_usage') ?? false)
      return
    }
    generate(exchange, replica, adapter, choices, {
      end(usage) {
        exchange.sendJson(200, {
          ...head,
          choices: choices.map(({ index, answer }) => ({ index, text: answer.text(), logprobs: null, finish_reason: answer.finishReason })),
          usage: toOpenAiUsage(usage),
        })
      },
    })
  },
}

function stream(
  exchange: HttpExchange,
  replica: Replica,
  adapter: string | undefined,
  choices: readonly Choice[],
  head: object,
  includeUsage: boolean,
): void {
  const prefix = JSON.stringify(head).slice(0, -1)
  const send = ({ index }: Choice, text: string, finish: string | null): void =>
    exchange.sendEvent(
      `${prefix},"choices":[{"index":${index},"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}]}`,
    )
  exchange.startEvents()
  generate(exchange, replica, adapter, choices, {
    token(choice, text) {
      if (text !== '') send(choice, text, null)
    },
    choiceEnd: (choice) => send(choice, '', choice.answer.finishReason),
    end(usage) {
      if (includeUsage) exchange.sendEvent(`${prefix},"choices":[],"usage":${JSON.stringify(toOpenAiUsage(usage))}}`)
      exchange.sendEvent('[DONE]')
      exchange.endEvents()
    },
  })
}
