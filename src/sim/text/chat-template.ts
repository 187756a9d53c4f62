/**
 * A chat as the pieces of one prompt, in the manner of the templates of open models:
 *   <|role|>\n content <|end|>\n ... <|assistant|>\n
 * Tools come first, as a system message of their own. What is not text in a content (images, tool results) is rendered as its JSON.
 */

export interface ChatMessage {
  readonly role: string
  readonly content: unknown
  /** Whatever else of the message the model reads, such as tool calls. */
  readonly extra?: unknown
}

export function renderChat(messages: readonly ChatMessage[], tools: readonly unknown[]): string[] {
  const pieces: string[] = []
  const push = (role: string, ...content: string[]): number => pieces.push(`<|${role}|>\n`, ...content, '<|end|>\n')
  if (tools.length > 0) push('system', JSON.stringify(tools))
  for (const { role, content, extra } of messages) {
    push(role, ...renderContent(content), ...(extra === undefined ? [] : [JSON.stringify(extra)]))
  }
  pieces.push('<|assistant|>\n')
  return pieces
}

/** A string, or parts of which those with a `text` are text. */
function renderContent(content: unknown): string[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [content]
  if (!Array.isArray(content)) return [JSON.stringify(content)]
  return content.map((part: unknown) => (hasText(part) ? part.text : JSON.stringify(part)))
}

function hasText(part: unknown): part is { text: string } {
  return typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string'
}
