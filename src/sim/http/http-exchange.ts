/** One request and its answer on node:http: JSON in, JSON or server-sent events out, and notice when the client leaves. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ApiError } from '#/sim/http/api-error.ts'
import { JsonFields } from '#/sim/http/json-fields.ts'

const MAX_BODY_BYTES = 128 * 1024 * 1024

export class HttpExchange {
  /** The client's `x-request-id`, or one of our own; part of the ids in the answer, as in vLLM. */
  readonly id: string
  /** A fault takes the connection away while the answer is generated. */
  readonly resetMidway: boolean
  readonly #request: IncomingMessage
  readonly #response: ServerResponse

  constructor(request: IncomingMessage, response: ServerResponse, resetMidway: boolean) {
    this.#request = request
    this.#response = response
    this.resetMidway = resetMidway
    const given = request.headers['x-request-id']
    this.id = typeof given === 'string' ? given : randomUUID().replaceAll('-', '')
  }

  /** The client left, or the connection was taken from it. */
  get isGone(): boolean {
    return this.#response.destroyed
  }

  /** Calls back when the exchange is over, complete or not. */
  onClose(callback: () => void): void {
    this.#response.once('close', callback)
  }

  async readJson(): Promise<JsonFields> {
    const type = this.#request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
    if (type !== 'application/json') throw new ApiError(415, 'Unsupported Media Type: send application/json.')
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of this.#request) {
      if (!Buffer.isBuffer(chunk)) continue
      sizeBytes += chunk.length
      // Past the limit the rest is read and thrown away: to leave the loop would take the connection with it.
      if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk)
    }
    if (sizeBytes > MAX_BODY_BYTES) throw new ApiError(413, `The body is larger than ${MAX_BODY_BYTES} bytes.`)
    let value: unknown
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
    } catch (error) {
      throw new ApiError(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
    return new JsonFields(value)
  }

  sendJson(status: number, body: unknown): void {
    this.send(status, 'application/json', JSON.stringify(body))
  }

  send(status: number, contentType: string, body: string): void {
    if (this.isGone) return
    const bytes = Buffer.from(body)
    this.#response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length }).end(bytes)
  }

  /** Sends the head of a stream of events at once: its body begins with the first token. */
  startEvents(): void {
    if (this.isGone) return
    this.#response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
    this.#response.flushHeaders()
  }

  sendEvent(data: string, name?: string): void {
    if (this.isGone) return
    this.#response.write(name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`)
  }

  endEvents(): void {
    this.#response.end()
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.#request.socket.resetAndDestroy()
    this.#response.destroy()
  }
}
