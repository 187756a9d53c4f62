/**
 * Reads HTTP/1.1 answers to GET requests off a connection (RFC 9112): content-length, chunked and close-delimited bodies, interim answers.
 * Strict where leniency would let it lose its place: CRLF only, one length, nothing behind the end.
 */
import type { GetSink } from '#/fleet/scrape/http-get.ts'

const MAX_HEAD_BYTES = 16 * 1024
const MAX_CHUNK_LINE_BYTES = 1024
const NEWLINE = 0x0a

/** What the next byte belongs to. 'until-close': the body goes on until the server closes the connection. */
type Place = 'head' | 'body' | 'until-close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'done'

export class ProtocolError extends Error {}

export class ResponseReader {
  /** Whether the connection may carry another request after this answer. */
  reusable = true
  /** True as soon as any byte of an answer arrived. */
  begun = false
  readonly #sink: GetSink
  #place: Place = 'head'
  #left = 0
  #line = ''
  #fieldBytes = 0
  #stopped = false

  constructor(sink: GetSink) {
    this.#sink = sink
  }

  get done(): boolean {
    return this.#place === 'done'
  }

  /** Throws a ProtocolError at bytes that are no HTTP answer. Does not report the end: that is for whoever sees `done`. */
  read(chunk: Buffer): void {
    this.begun = true
    let at = 0
    while (at < chunk.length && !this.#stopped) {
      switch (this.#place) {
        case 'head':
          at = this.#readHead(chunk, at)
          break
        case 'body':
        case 'chunk-data':
          at = this.#readData(chunk, at)
          break
        case 'until-close':
          this.#sink.data(chunk.subarray(at))
          return
        case 'done':
          throw new ProtocolError('bytes behind the end of the answer')
        default:
          at = this.#readChunkLine(chunk, at)
      }
    }
  }

  /** The sink hears no more, not even of the rest of the chunk at hand. */
  stop(): void {
    this.#stopped = true
  }

  /** The server closed its side. True if the answer is complete by that. */
  close(): boolean {
    if (this.#place === 'until-close') this.#place = 'done'
    return this.done
  }

  #readHead(chunk: Buffer, start: number): number {
    const known = this.#line.length
    const text = this.#line + chunk.toString('latin1', start, start + MAX_HEAD_BYTES + 4 - known)
    const end = text.indexOf('\r\n\r\n', Math.max(0, known - 3))
    if (!'HTTP/1.'.startsWith(text.slice(0, 7))) throw new ProtocolError('the answer is not HTTP/1')
    if (end === -1) {
      if (text.length >= MAX_HEAD_BYTES) throw new ProtocolError(`the head of the answer is longer than ${MAX_HEAD_BYTES} bytes`)
      this.#line = text
      return chunk.length
    }
    this.#line = ''
    this.#startBody(text.slice(0, end).split('\r\n'))
    return start + end + 4 - known
  }

  #startBody(lines: readonly string[]): void {
    const [statusLine = ''] = lines
    if (!/^HTTP\/1\.[01] [1-5]\d\d( |$)/.test(statusLine)) throw new ProtocolError('the status line is malformed')
    const status = Number(statusLine.slice(9, 12))
    if (status < 200) {
      if (status === 101) throw new ProtocolError('the server wants to switch protocols')
      return
    }
    let length: number | undefined
    let coding: string | undefined
    let connection = statusLine[7] === '0' ? 'close' : ''
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':')
      if (colon < 1) throw new ProtocolError('a header field is malformed')
      const name = line.slice(0, colon).toLowerCase()
      if (name === 'content-length') {
        const value = line.slice(colon + 1).trim()
        if (!/^\d{1,15}$/.test(value) || (length !== undefined && length !== Number(value))) {
          throw new ProtocolError('the content-length is malformed')
        }
        length = Number(value)
      } else if (name === 'transfer-encoding') {
        coding = `${coding === undefined ? '' : `${coding},`}${line
          .slice(colon + 1)
          .trim()
          .toLowerCase()}`
      } else if (name === 'connection') {
        connection = line.slice(colon + 1).toLowerCase()
      }
    }
    this.reusable = !connection.includes('close')
    this.#sink.head(status)
    if (status === 204 || status === 304) this.#place = 'done'
    else if (coding === 'chunked') this.#place = 'chunk-size'
    else if (coding !== undefined) throw new ProtocolError(`the transfer-encoding is ${coding}`)
    else if (length === undefined) {
      this.reusable = false
      this.#place = 'until-close'
    } else {
      this.#left = length
      this.#place = length === 0 ? 'done' : 'body'
    }
  }

  #readData(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#left)
    this.#left -= end - start
    if (this.#left === 0) this.#place = this.#place === 'body' ? 'done' : 'chunk-end'
    this.#sink.data(chunk.subarray(start, end))
    return end
  }

  /** Lines between the data of a chunked body: the chunk's size, the empty line behind its data, trailer fields. */
  #readChunkLine(chunk: Buffer, start: number): number {
    const newline = chunk.indexOf(NEWLINE, start)
    const end = newline === -1 ? chunk.length : newline + 1
    if (this.#line.length + end - start > MAX_CHUNK_LINE_BYTES) throw new ProtocolError('a line of the chunked body is too long')
    this.#line += chunk.toString('latin1', start, end)
    if (newline === -1) return end
    if (!this.#line.endsWith('\r\n')) throw new ProtocolError('a line of the chunked body does not end in CRLF')
    const line = this.#line.slice(0, -2)
    this.#line = ''
    if (this.#place === 'chunk-size') {
      const size = /^([\da-f]{1,12})[ \t]*(;.*)?$/i.exec(line)?.[1]
      if (size === undefined) throw new ProtocolError('a chunk size is malformed')
      this.#left = parseInt(size, 16)
      this.#place = this.#left === 0 ? 'trailer' : 'chunk-data'
    } else if (this.#place === 'chunk-end') {
      if (line !== '') throw new ProtocolError('a chunk is longer than its size')
      this.#place = 'chunk-size'
    } else if (line === '') {
      this.#place = 'done'
    } else {
      this.#fieldBytes += line.length
      if (this.#fieldBytes > MAX_HEAD_BYTES) throw new ProtocolError(`the trailer is longer than ${MAX_HEAD_BYTES} bytes`)
    }
    return end
  }
}
