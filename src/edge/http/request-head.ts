/** What node's parser lets through and a gateway must not: heads that two servers could read differently. */
import type { IncomingMessage } from 'node:http'

/** Why the head is refused, or undefined. */
export function findHeadDefect(request: IncomingMessage): string | undefined {
  if (request.httpVersionMajor !== 1) return `HTTP/${request.httpVersion} is not spoken here.`
  const { rawHeaders } = request
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding' && rawHeaders[i + 1]!.toLowerCase() !== 'chunked') {
      return 'The only transfer coding that is read is chunked.'
    }
  }
  if (hosts === 1 || (hosts === 0 && request.httpVersionMinor === 0)) return undefined
  return hosts === 0 ? 'The request has no Host field.' : 'The request has more than one Host field.'
}

/** The body's announced length: undefined if none was announced or the body is chunked. */
export function toDeclaredBytes(request: IncomingMessage): number | undefined {
  const value = request.headers['content-length']
  return value === undefined ? undefined : Number(value)
}
