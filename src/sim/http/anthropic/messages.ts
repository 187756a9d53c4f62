/** POST /v1/messages, the Anthropic API as vLLM offers it: streamed or not, with a tool use where the request insists on one. */
import { planChoices } from '#/sim/http/answer-plan.ts'
import { anthropicErrorBody } from '#/sim/http/anthropic/error-body.ts'
import type { ForcedTool } from '#/sim/http/forced-tool.ts'
import { forcedArguments, readAnthropicForcedTool } from '#/sim/http/forced-tool.ts'
import type { Choice, GenerationSink, Usage } from '#/sim/http/generation.ts'
import { generate } from '#/sim/http/generation.ts'
import type { HttpExchange } from '#/sim/http/http-exchange.ts'
import { JsonFields } from '#/sim/http/json-fields.ts'
import type { Route } from '#/sim/http/route.ts'
import { renderChat } from '#/sim/text/chat-template.ts'
import type { ChatMessage } from '#/sim/text/chat-template.ts'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

export const messages: Route = {
  method: 'POST',
  path: '/v1/messages',
  kind: 'inference',
  errorBody: anthropicErrorBody,
  async handle(exchange, replica) {
    const body = await exchange.readJson()
    const model = body.string('model')
    const adapter = replica.models.adapterFor(model)
    const maxTokens = body.required('max_tokens', body.integer('max_tokens', 1))
    const tool = readAnthropicForcedTool(body)
    const [choice] = planChoices(
      replica,
      adapter,
      [tokenize(renderChat(readMessages(body), body.array('tools')))],
      {
        maxTokens,
        choices: 1,
        stop: body.strings('stop_sequences').filter((text) => text !== ''),
        ignoreEos: body.boolean('ignore_eos'),
        seed: 0,
      },
      tool && ((seed) => forcedArguments(tool, seed)),
    )
    const reply = new Reply(exchange.id, model ?? replica.models.baseName, choice!, tool)
    const stream = body.boolean('stream')
    if (stream) exchange.startEvents()
    generate(exchange, replica, adapter, [choice!], stream ? streamOf(exchange, reply) : wholeOf(exchange, reply))
  },
}

/** The parts of the answer that both forms have. */
class Reply {
  readonly choice: Choice
  readonly tool: ForcedTool | undefined
  readonly #id: string
  readonly #model: string

  constructor(id: string, model: string, choice: Choice, tool: ForcedTool | undefined) {
    this.#id = id
    this.#model = model
    this.choice = choice
    this.tool = tool
  }

  get stopReason(): string {
    if (this.choice.answer.finishReason === 'length') return 'max_tokens'
    if (this.tool !== undefined) return 'tool_use'
    return this.choice.answer.stopText === undefined ? 'end_turn' : 'stop_sequence'
  }

  get stopSequence(): string | null {
    return this.choice.answer.stopText ?? null
  }

  message(content: readonly unknown[], stopReason: string | null, stopSequence: string | null, usage: Usage): unknown {
    return {
      id: `msg_${this.#id}`,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content,
      stop_reason: stopReason,
      stop_sequence: stopSequence,
      usage: toAnthropicUsage(usage),
    }
  }

  /** The one content block, with a text or JSON input. */
  block(text: string, input: unknown): unknown {
    if (this.tool === undefined) return { type: 'text', text }
    return { type: 'tool_use', id: `toolu_${this.#id}`, name: this.tool.name, input }
  }
}

function wholeOf(exchange: HttpExchange, reply: Reply): GenerationSink {
  return {
    end(usage) {
      const text = reply.choice.answer.text()
      const content = reply.block(text, reply.tool === undefined ? undefined : parseInput(text))
      exchange.sendJson(200, reply.message([content], reply.stopReason, reply.stopSequence, usage))
    },
  }
}

function streamOf(exchange: HttpExchange, reply: Reply): GenerationSink {
  const send = (type: string, fields: object): void => exchange.sendEvent(JSON.stringify({ type, ...fields }), type)
  return {
    start(usage) {
      send('message_start', { message: reply.message([], null, null, { ...usage, completionTokens: 0 }) })
      send('content_block_start', { index: 0, content_block: reply.block('', {}) })
    },
    token(_choice, text) {
      if (text === '') return
      const delta = reply.tool === undefined ? { type: 'text_delta', text } : { type: 'input_json_delta', partial_json: text }
      send('content_block_delta', { index: 0, delta })
    },
    end(usage) {
      send('content_block_stop', { index: 0 })
      send('message_delta', { delta: { stop_reason: reply.stopReason, stop_sequence: reply.stopSequence }, usage: toAnthropicUsage(usage) })
      send('message_stop', {})
      exchange.endEvents()
    },
  }
}

/** As the API defines them: `input_tokens` are those that were not read from the cache. */
function toAnthropicUsage({ promptTokens, cachedTokens, completionTokens }: Usage): unknown {
  return {
    input_tokens: promptTokens - cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    output_tokens: completionTokens,
  }
}

/** Cut arguments are no JSON. */
function parseInput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

function readMessages(body: JsonFields): ChatMessage[] {
  const system = body.value('system')
  const chat = body.requiredArray('messages').map((message) => {
    const fields = new JsonFields(message)
    return { role: fields.required('role', fields.string('role')), content: fields.value('content') }
  })
  return system === undefined ? chat : [{ role: 'system', content: system }, ...chat]
}
