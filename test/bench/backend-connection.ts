/** The server's end of one connection: reads requests with a content-length or chunked body, one at a time, and looks only at a body's edges. */
import type { Socket } from 'node:net'
import type { BackendAnswers } from './backend-answers.ts'

const EDGE_BYTES = 2048
const DEFAULT_MAX_TOKENS = 16

export class BackendConnection {
  readonly #socket: Socket
  readonly #answers: BackendAnswers
  readonly #intervalMs: number
  readonly #endpoint: { running: number }
  #pending: Buffer | undefined
  #requestLine = ''
  #bodyLeft = 0
  #inBody = false
  #isChunked = false
  #bodyStart = ''
  #bodyEnd = ''
  #chunksLeft = 0
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket, answers: BackendAnswers, intervalMs: number, endpoint: { running: number }) {
    this.#socket = socket
    this.#answers = answers
    this.#intervalMs = intervalMs
    this.#endpoint = endpoint
  }

  closed(): void {
    if (this.#chunksLeft > 0) this.#endpoint.running--
    this.#chunksLeft = 0
    clearInterval(this.#timer)
  }

  read(bytes: Buffer): void {
    const input = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    this.#pending = undefined
    let at = 0
    while (at < input.length) {
      if (this.#inBody) {
        const next = this.#isChunked ? this.#readChunk(input, at) : this.#readBody(input, at)
        if (next === -1) break
        at = next
      } else {
        const headEnd = input.indexOf('\r\n\r\n', at)
        if (headEnd === -1) break
        this.#readHead(input.toString('latin1', at, headEnd))
        at = headEnd + 4
      }
    }
    if (at < input.length) this.#pending = Buffer.from(input.subarray(at))
  }

  #readHead(head: string): void {
    this.#requestLine = head.slice(0, head.indexOf('\r\n'))
    this.#bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    this.#isChunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    this.#bodyStart = ''
    this.#bodyEnd = ''
    this.#inBody = this.#isChunked || this.#bodyLeft > 0
    if (!this.#inBody) this.#answer()
  }

  #readBody(input: Buffer, at: number): number {
    const size = Math.min(this.#bodyLeft, input.length - at)
    this.#keepEdges(input, at, size)
    this.#bodyLeft -= size
    if (this.#bodyLeft === 0) this.#answer()
    return at + size
  }

  /** A whole chunk at a time, or -1: the gateways under test pass bodies on with a length, so this need not be fast. */
  #readChunk(input: Buffer, at: number): number {
    const lineEnd = input.indexOf('\r\n', at)
    if (lineEnd === -1) return -1
    const size = parseInt(input.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (end > input.length) return -1
    if (size === 0) this.#answer()
    else this.#keepEdges(input, lineEnd + 2, size)
    return end
  }

  #keepEdges(input: Buffer, at: number, size: number): void {
    if (this.#bodyStart === '') this.#bodyStart = input.toString('latin1', at, at + Math.min(size, EDGE_BYTES))
    this.#bodyEnd = (this.#bodyEnd + input.toString('latin1', at + Math.max(0, size - EDGE_BYTES), at + size)).slice(-EDGE_BYTES)
  }

  #answer(): void {
    this.#inBody = false
    const { json, metrics, models, health, notFound } = this.#answers
    if (this.#requestLine.startsWith('POST ')) {
      if (this.#finds(/"stream": ?true/) === undefined) this.#socket.write(json)
      else this.#stream(Number(this.#finds(/"max_tokens": ?(\d+)/)?.[1] ?? DEFAULT_MAX_TOKENS))
      return
    }
    const path = this.#requestLine.split(' ')[1]
    if (path === '/metrics') this.#socket.write(metrics(this.#endpoint.running))
    else if (path === '/v1/models') this.#socket.write(models)
    else this.#socket.write(path === '/health' ? health : notFound)
  }

  #finds(pattern: RegExp): RegExpExecArray | undefined {
    return pattern.exec(this.#bodyEnd) ?? pattern.exec(this.#bodyStart) ?? undefined
  }

  #stream(chunks: number): void {
    this.#endpoint.running++
    this.#chunksLeft = chunks
    this.#socket.write(this.#answers.streamHead + this.#answers.chunk, 'latin1')
    if (this.#intervalMs > 0) this.#timer = setInterval(() => this.#nextChunk(), this.#intervalMs)
    else setImmediate(() => this.#nextChunk())
  }

  #nextChunk(): void {
    if (this.#chunksLeft === 0) return
    if (--this.#chunksLeft > 0) {
      this.#socket.write(this.#answers.chunk, 'latin1')
      if (this.#intervalMs === 0) setImmediate(() => this.#nextChunk())
      return
    }
    clearInterval(this.#timer)
    this.#endpoint.running--
    this.#socket.write(this.#answers.streamEnd, 'latin1')
  }
}
