/** An InferenceError on the wire: the JSON shape that the client's own SDK understands, and the fields that say when to come back. */
import type { InferenceError } from '#/errors.ts'

/** Which API's shape an error has; the OpenAI one wherever nothing else is known. */
export type ErrorShape = 'openai' | 'anthropic'

export function shapeFor(path: string): ErrorShape {
  return path === '/v1/messages' || path.startsWith('/v1/messages/') ? 'anthropic' : 'openai'
}

export function toErrorBody(error: InferenceError, shape: ErrorShape, requestId: string): string {
  const { type, anthropicType } = error.definition
  const value =
    shape === 'anthropic'
      ? { type: 'error', error: { type: anthropicType, message: error.message }, request_id: requestId }
      : { error: { message: error.message, type, code: error.code, param: error.param ?? null } }
  return `${JSON.stringify(value)}\n`
}

/** Those that the error itself asks for. */
export function toErrorFields(error: InferenceError): string[] {
  const fields: string[] = []
  if (error.retryAfterSeconds !== undefined) fields.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))))
  const reason = error.definition.droppedReason
  if (reason !== undefined) fields.push('x-llm-d-request-dropped-reason', reason)
  return fields
}

/**
 * The last event of a stream that cannot go on. It begins with an empty line, which ends an event that was cut in the middle: the client's
 * parser then reads this one as an event of its own.
 */
export function toErrorEvent(error: InferenceError, shape: ErrorShape, requestId: string): string {
  const name = shape === 'anthropic' ? 'event: error\n' : ''
  return `\n\n${name}data: ${toErrorBody(error, shape, requestId)}\n`
}
