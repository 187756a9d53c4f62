/** POST /v1/chat/completions, streamed or not, with a tool call where the request insists on one. */
import { planChoices, readSampling } from '#/sim/http/answer-plan.ts'
import type { ForcedTool } from '#/sim/http/forced-tool.ts'
import { forcedArguments, readOpenAiForcedTool } from '#/sim/http/forced-tool.ts'
import type { Choice } from '#/sim/http/generation.ts'
import { generate } from '#/sim/http/generation.ts'
import type { HttpExchange } from '#/sim/http/http-exchange.ts'
import { JsonFields } from '#/sim/http/json-fields.ts'
import { openAiErrorBody } from '#/sim/http/openai/error-body.ts'
import { toOpenAiUsage } from '#/sim/http/openai/usage.ts'
import type { Replica } from '#/sim/http/replica.ts'
import type { Route } from '#/sim/http/route.ts'
import type { ChatMessage } from '#/sim/text/chat-template.ts'
import { renderChat } from '#/sim/text/chat-template.ts'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

export const chatCompletions: Route = {
  method: 'POST',
  path: '/v1/chat/completions',
  kind: 'inference',
  errorBody: openAiErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    const model = body.string('model')
    const adapter = replica.models.adapterFor(model)
    const messages = body.requiredArray('messages').map(toChatMessage)
    const tool = readOpenAiForcedTool(body)
    const prompt = tokenize(renderChat(messages, body.array('tools')))
    const choices = planChoices(replica, adapter, [prompt], readSampling(body, undefined), tool && ((seed) => forcedArguments(tool, seed)))
    const head = {
      id: `chatcmpl-${exchange.id}`,
      created: Math.floor(replica.clock.wallMs() / 1000),
      model: model ?? replica.models.baseName,
    }
    if (body.boolean('stream')) {
      stream(exchange, replica, adapter, choices, head, tool, body.object('stream_options')?.boolean('include_usage') ?? false)
      return
    }
    generate(exchange, replica, adapter, choices, {
      end(usage) {
        exchange.sendJson(200, {
          ...head,
          object: 'chat.completion',
          choices: choices.map((choice) => ({
            index: choice.index,
            message: toMessage(choice, exchange.id, tool),
            logprobs: null,
            finish_reason: finishReason(choice, tool),
          })),
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
  tool: ForcedTool | undefined,
  includeUsage: boolean,
): void {
  const prefix = JSON.stringify({ ...head, object: 'chat.completion.chunk' }).slice(0, -1)
  const begun = new Set<Choice>()
  const send = ({ index }: Choice, delta: string, finish: string | null): void => {
    const end = finish === null ? 'null' : `"${finish}"`
    exchange.sendEvent(`${prefix},"choices":[{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${end}}]}`)
  }
  exchange.startEvents()
  generate(exchange, replica, adapter, choices, {
    token(choice, text) {
      if (!begun.has(choice)) {
        begun.add(choice)
        send(choice, '{"role":"assistant","content":""}', null)
        if (tool !== undefined)
          send(choice, JSON.stringify({ tool_calls: [{ index: 0, ...toToolCall(choice, exchange.id, tool, '') }] }), null)
      }
      if (text === '') return
      const quoted = JSON.stringify(text)
      send(choice, tool === undefined ? `{"content":${quoted}}` : `{"tool_calls":[{"index":0,"function":{"arguments":${quoted}}}]}`, null)
    },
    choiceEnd: (choice) => send(choice, '{}', finishReason(choice, tool)),
    end(usage) {
      if (includeUsage) exchange.sendEvent(`${prefix},"choices":[],"usage":${JSON.stringify(toOpenAiUsage(usage))}}`)
      exchange.sendEvent('[DONE]')
      exchange.endEvents()
    },
  })
}

function finishReason({ answer }: Choice, tool: ForcedTool | undefined): string {
  return tool !== undefined && answer.finishReason === 'stop' ? 'tool_calls' : answer.finishReason
}

function toMessage(choice: Choice, id: string, tool: ForcedTool | undefined): unknown {
  const text = choice.answer.text()
  if (tool === undefined) return { role: 'assistant', content: text, tool_calls: [] }
  return { role: 'assistant', content: null, tool_calls: [toToolCall(choice, id, tool, text)] }
}

function toToolCall(choice: Choice, id: string, { name }: ForcedTool, text: string): object {
  return { id: `call_${id}_${choice.index}`, type: 'function', function: { name, arguments: text } }
}

function toChatMessage(message: unknown): ChatMessage {
  const fields = new JsonFields(message)
  return { role: fields.required('role', fields.string('role')), content: fields.value('content'), extra: fields.value('tool_calls') }
}
