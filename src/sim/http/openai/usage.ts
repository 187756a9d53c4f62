/** Token counts as the OpenAI APIs report them. */
import type { Usage } from '#/sim/http/generation.ts'

export function toOpenAiUsage({ promptTokens, completionTokens, cachedTokens }: Usage): unknown {
  return {
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
}
