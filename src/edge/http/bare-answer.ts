/** An error answer on a connection on which no request could be read, or none that node makes a message of. */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { toErrorBody, toErrorFields } from '#/edge/http/error-response.ts'
import { toRequestId } from '#/edge/http/request-id.ts'
import type { InferenceError } from '#/errors.ts'
import type { Clock } from '#/lib/clock.ts'

/** How long what the client still sends is read and dropped, so that no reset overtakes the answer. */
const LINGER_MS = 5_000

/** Answers and closes. A second call for the same connection does nothing. */
export function answerBare(socket: Duplex, error: InferenceError, clock: Clock, extraFields: readonly string[] = []): void {
  if (socket.destroyed || socket.writableEnded) return
  const { status } = error.definition
  const requestId = toRequestId(undefined)
  const body = toErrorBody(error, 'openai', requestId)
  const fields = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)), 'connection', 'close']
  fields.push('x-request-id', requestId, ...toErrorFields(error), ...extraFields)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  const timer = clock.schedule(LINGER_MS, () => socket.destroy())
  socket.once('close', () => timer.cancel())
  socket.end(`${head}\r\n${body}`)
}
