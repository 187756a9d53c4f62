/** The JSON around a prompt: an OpenAI chat completion with one user message, or a text completion. */
import type { PlannedRequest } from '#/loadgen/workload.ts'

export type Api = 'chat' | 'completions'

export interface RequestTemplateOptions {
  readonly api: Api
  readonly model: string
  readonly stream: boolean
}

/** Where each API is served, behind the base path. */
export const API_PATHS: Readonly<Record<Api, string>> = { chat: '/v1/chat/completions', completions: '/v1/completions' }

export class RequestTemplate {
  readonly #before: Buffer
  readonly #quote: string
  readonly #tail: string

  constructor(options: RequestTemplateOptions) {
    const model = JSON.stringify(options.model)
    const before = options.api === 'chat' ? `{"model":${model},"messages":[{"role":"user","content":"` : `{"model":${model},"prompt":"`
    this.#before = Buffer.from(before)
    this.#quote = options.api === 'chat' ? '"}]' : '"'
    // Usage is asked for in the stream too; ignore_eos makes a vLLM server answer with exactly max_tokens.
    this.#tail = `${options.stream ? ',"stream":true,"stream_options":{"include_usage":true}' : ''},"ignore_eos":true}`
  }

  /** Bytes of a body that are not prompt text. */
  overheadBytes(maxTokens: number): number {
    return this.#before.length + this.#after(maxTokens).length
  }

  /** `writeText` fills `textBytes` of JSON-safe ASCII at the offset it is given. */
  plan(textBytes: number, maxTokens: number, writeText: (target: Buffer, offset: number) => void): PlannedRequest {
    const before = this.#before
    const after = this.#after(maxTokens)
    return {
      bodyBytes: before.length + textBytes + after.length,
      write(target, offset) {
        const textAt = offset + before.copy(target, offset)
        writeText(target, textAt)
        target.write(after, textAt + textBytes, 'latin1')
      },
    }
  }

  #after(maxTokens: number): string {
    return `${this.#quote},"max_tokens":${maxTokens}${this.#tail}`
  }
}
