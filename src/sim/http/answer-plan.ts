/** From the prompts and the sampling fields of a request to its choices, checked against the context as vLLM checks them. */
import { mixKeys } from '#/sim/engine/block-key.ts'
import { ApiError } from '#/sim/http/api-error.ts'
import type { Choice } from '#/sim/http/generation.ts'
import type { JsonFields } from '#/sim/http/json-fields.ts'
import type { Replica } from '#/sim/http/replica.ts'
import { textAnswer, wordsAnswer } from '#/sim/text/answer.ts'
import type { Answer } from '#/sim/text/answer.ts'
import { createPrompt } from '#/sim/text/prompt.ts'
import type { Prompt } from '#/sim/text/prompt.ts'

const MAX_CHOICES = 128

export interface Sampling {
  /** Undefined: as much as the context has room for. */
  readonly maxTokens: number | undefined
  /** Choices for each prompt. */
  readonly choices: number
  readonly stop: readonly string[]
  readonly ignoreEos: boolean
  readonly seed: number
}

/** The sampling fields of an OpenAI request. */
export function readSampling(body: JsonFields, defaultMaxTokens: number | undefined): Sampling {
  return {
    maxTokens: body.integer('max_completion_tokens', 1) ?? body.integer('max_tokens', 1) ?? defaultMaxTokens,
    choices: body.integer('n', 1, MAX_CHOICES) ?? 1,
    stop: body.strings('stop').filter((text) => text !== ''),
    ignoreEos: body.boolean('ignore_eos'),
    seed: body.integer('seed', Number.MIN_SAFE_INTEGER) ?? 0,
  }
}

/** `fixedText`: what every choice says, given its seed, instead of pseudo words. */
export function planChoices(
  replica: Replica,
  adapter: string | undefined,
  prompts: readonly Uint32Array[],
  sampling: Sampling,
  fixedText?: (seed: number) => string,
): Choice[] {
  return prompts.flatMap((tokens, promptIndex) => {
    const prompt = planPrompt(replica, adapter, tokens, sampling.maxTokens)
    const maxTokens = sampling.maxTokens ?? replica.engine.config.maxModelLen - prompt.tokens
    return Array.from({ length: sampling.choices }, (_, choice) => {
      const seed = mixKeys(mixKeys(prompt.digest, replica.seed), mixKeys(sampling.seed, choice))
      const answer: Answer =
        fixedText === undefined ? wordsAnswer(prompt, seed, { ...sampling, maxTokens }) : textAnswer(prompt, fixedText(seed), maxTokens)
      return { index: promptIndex * sampling.choices + choice, prompt, answer }
    })
  })
}

/** Throws a 400 if the prompt and `maxTokens` (at least one token if not given) exceed the context. */
export function planPrompt(replica: Replica, adapter: string | undefined, tokens: Uint32Array, maxTokens: number | undefined): Prompt {
  const { maxModelLen, blockSize } = replica.engine.config
  if (tokens.length === 0) throw new ApiError(400, 'The prompt is empty.')
  const wanted = tokens.length + (maxTokens ?? 1)
  if (wanted > maxModelLen) {
    throw new ApiError(
      400,
      `This model's maximum context length is ${maxModelLen} tokens, and the request takes ${wanted}: ${tokens.length} of the prompt and ${maxTokens ?? 'at least 1'} of the answer.`,
      maxTokens === undefined || tokens.length >= maxModelLen ? undefined : 'max_tokens',
    )
  }
  return createPrompt(tokens, blockSize, adapter)
}
