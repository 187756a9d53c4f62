/** Token counts out of the `usage` object of an OpenAI-shaped answer, found by text search: parsing a whole answer would cost too much under load. */

export interface AnswerUsage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
}

/** `text` holds the end of a JSON answer or the data of one event. Undefined if there is no usage in it. */
export function findUsage(text: string): AnswerUsage | undefined {
  const at = text.lastIndexOf('"usage"')
  if (at === -1) return undefined
  const usage = text.slice(at)
  const promptTokens = /"prompt_tokens":\s*(\d+)/.exec(usage)?.[1]
  if (promptTokens === undefined) return undefined
  return {
    promptTokens: Number(promptTokens),
    cachedTokens: Number(/"cached_tokens":\s*(\d+)/.exec(usage)?.[1] ?? 0),
    completionTokens: Number(/"completion_tokens":\s*(\d+)/.exec(usage)?.[1] ?? 0),
  }
}
