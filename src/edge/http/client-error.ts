/** What node's parser and its time limits report about a client, as the error that the client is told. */
import type { HttpLimits } from '#/edge/http/limits.ts'
import { InferenceError } from '#/errors.ts'

/** Undefined: the connection itself failed, so that there is nobody to tell. */
export function toClientError(error: NodeJS.ErrnoException, limits: HttpLimits): InferenceError | undefined {
  const { code = '', message } = error
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new InferenceError('header_too_large', `The head of the request is larger than ${limits.maxHeaderBytes} bytes.`)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new InferenceError('request_timeout', 'The request did not arrive whole in time.')
  if (!code.startsWith('HPE_')) return undefined
  return new InferenceError('malformed_http', `The request is not HTTP/1.1: ${message.replace(/^Parse Error: /, '')}.`)
}
