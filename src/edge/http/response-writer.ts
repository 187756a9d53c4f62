/** The way back to the client: whole answers, answers that flow, and visible cuts, on node's ServerResponse. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export class ResponseWriter {
  status = 0
  /** Of the body. */
  sentBytes = 0
  /** The client takes less than is written; `drained` is due. */
  isBlocked = false
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  #isChunked = false
  #isHeldOpen = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
  }

  get isHeadWritten(): boolean {
    return this.status !== 0
  }

  /** The answer is out, but the client still sends its request. */
  get isHeldOpen(): boolean {
    return this.#isHeldOpen
  }

  /** From here on no further request is taken from this connection. Before the head. */
  closeAfterwards(): void {
    this.#response.shouldKeepAlive = false
  }

  continue(): void {
    this.#response.writeContinue()
  }

  /**
   * A whole answer. While the client is still sending its request, the exchange stays open behind the answer: to close a connection on
   * unread bytes resets it, and the client would lose the answer.
   */
  answer(status: number, fields: string[], body: string): void {
    this.status = status
    const bytes = Buffer.from(body)
    const response = this.#response
    if (status !== 204) fields.push('content-length', String(bytes.length))
    response.writeHead(status, fields)
    const isBodyless = status === 204 || this.#request.method === 'HEAD'
    if (!isBodyless) this.sentBytes = bytes.length
    if (this.#request.complete) {
      response.end(isBodyless ? undefined : bytes)
      return
    }
    this.#isHeldOpen = true
    if (isBodyless) response.flushHeaders()
    else response.write(bytes)
    // Tells a client that waits for the end of the connection that this was all.
    if (!response.shouldKeepAlive) this.endConnection()
  }

  /** Ends our side of the connection behind a whole answer; what the client still sends is dropped. */
  endConnection(): void {
    this.#response.socket?.end()
  }

  /** The request has arrived whole after its answer. */
  release(): void {
    if (!this.#isHeldOpen) return
    this.#isHeldOpen = false
    this.#response.end()
  }

  /** The head of an answer that flows. */
  head(status: number, fields: string[], lengthBytes: number | undefined): void {
    this.status = status
    if (lengthBytes !== undefined) fields.push('content-length', String(lengthBytes))
    this.#response.writeHead(status, fields)
    this.#isChunked = lengthBytes === undefined
    // A stream's head may be all that there is for a long time; a JSON answer's goes out with the body.
    if (this.#isChunked) process.nextTick(flushHead, this.#response, this)
  }

  write(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.sentBytes += chunk.length
    if (!this.#response.write(chunk)) this.isBlocked = true
  }

  end(): void {
    this.#response.end()
  }

  /** Ends a started answer so that the client sees that it is not whole, after a last event if the client can take one. */
  cut(event: string | undefined): void {
    const response = this.#response
    if (event === undefined || !this.#isChunked || this.isBlocked || response.socket === null) {
      this.destroy()
      return
    }
    response.write(event)
    response.uncork()
    response.socket.destroySoon()
  }

  /** Closes the connection now. */
  destroy(): void {
    this.#request.socket.destroy()
  }
}

function flushHead(response: ServerResponse, writer: ResponseWriter): void {
  if (writer.sentBytes === 0 && !response.writableEnded && !response.destroyed) response.flushHeaders()
}
