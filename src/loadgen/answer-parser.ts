/**
 * Reads one HTTP/1.1 answer at a time (RFC 9112) from whatever pieces the socket delivers. Written for load: body bytes are passed on
 * as views of the read buffer, only an unfinished head is copied.
 */

export interface AnswerSink {
  /** Status and the header block as latin1 text, from the status line to the last field, without the final line end. */
  head(status: number, headText: string): void
  /** Body bytes with the chunked framing removed; valid only during the call. */
  data(bytes: Buffer): void
}

/** `more`: the answer goes on. `complete`: it ended. `malformed`: not HTTP/1.1, or bytes after the end. `stopped`: the sink has had enough. */
export type ParseOutcome = 'more' | 'complete' | 'malformed' | 'stopped'

const MAX_HEAD_BYTES = 65_536
const MAX_CHUNK_SIZE_DIGITS = 12
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const SEMICOLON = 0x3b

type State =
  | 'head'
  | 'sized'
  | 'until-close'
  | 'chunk-size'
  | 'chunk-extension'
  | 'chunk-data'
  | 'chunk-end'
  | 'trailer'
  | 'done'
  | 'stopped'

export class AnswerParser {
  #state: State = 'head'
  #sink: AnswerSink
  #carry: Buffer | undefined
  /** Bytes left of the sized body or of the chunk. */
  #left = 0
  #digits = 0
  #trailerLineBytes = 0
  #keepAlive = true

  constructor(sink: AnswerSink) {
    this.#sink = sink
  }

  /** Whether the connection may carry another request after this answer. */
  get keepAlive(): boolean {
    return this.#keepAlive
  }

  /** Whether the end of the connection is the end of this answer. */
  get endsByClose(): boolean {
    return this.#state === 'until-close'
  }

  /** Makes ready for the next answer. */
  begin(sink: AnswerSink): void {
    this.#state = 'head'
    this.#sink = sink
    this.#carry = undefined
    this.#keepAlive = true
  }

  /** Ends parsing from inside a sink's callback. */
  stop(): void {
    this.#state = 'stopped'
  }

  feed(bytes: Buffer): ParseOutcome {
    let at = 0
    while (at < bytes.length) {
      const next = this.#step(bytes, at)
      if (next < 0) return 'malformed'
      at = next
    }
    if (this.#state === 'stopped') return 'stopped'
    return this.#state === 'done' ? 'complete' : 'more'
  }

  /** Position of the next byte to look at, or -1 if the answer is malformed. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'sized':
        return this.#passOn(bytes, at, 'done')
      case 'chunk-data':
        return this.#passOn(bytes, at, 'chunk-end')
      case 'until-close':
        this.#sink.data(bytes.subarray(at))
        return bytes.length
      case 'chunk-size':
        return this.#readSizeByte(bytes[at]!) ? at + 1 : -1
      case 'chunk-extension':
        if (bytes[at] === LINE_FEED) this.#beginChunk()
        return at + 1
      case 'chunk-end':
        if (bytes[at] === LINE_FEED) this.#beginSize()
        else if (bytes[at] !== CARRIAGE_RETURN) return -1
        return at + 1
      case 'trailer':
        if (bytes[at] !== LINE_FEED) this.#trailerLineBytes += bytes[at] === CARRIAGE_RETURN ? 0 : 1
        else if (this.#trailerLineBytes === 0) this.#state = 'done'
        else this.#trailerLineBytes = 0
        return at + 1
      case 'done':
        return -1
      case 'stopped':
        return bytes.length
      default:
        return this.#state satisfies never
    }
  }

  #passOn(bytes: Buffer, at: number, then: State): number {
    const size = Math.min(this.#left, bytes.length - at)
    this.#left -= size
    if (this.#left === 0) this.#state = then
    this.#sink.data(size === bytes.length ? bytes : bytes.subarray(at, at + size))
    return at + size
  }

  #readSizeByte(byte: number): boolean {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit
      return ++this.#digits <= MAX_CHUNK_SIZE_DIGITS
    }
    if (this.#digits === 0) return false
    if (byte === SEMICOLON) this.#state = 'chunk-extension'
    else if (byte === LINE_FEED) this.#beginChunk()
    else return byte === CARRIAGE_RETURN || byte === SPACE
    return true
  }

  #beginSize(): void {
    this.#state = 'chunk-size'
    this.#left = 0
    this.#digits = 0
  }

  #beginChunk(): void {
    this.#trailerLineBytes = 0
    this.#state = this.#left === 0 ? 'trailer' : 'chunk-data'
  }

  #readHead(bytes: Buffer, from: number): number {
    const carriedBytes = this.#carry?.length ?? 0
    const rest = from === 0 ? bytes : bytes.subarray(from)
    const all = this.#carry === undefined ? rest : Buffer.concat([this.#carry, rest])
    const headEnd = all.indexOf('\r\n\r\n')
    if (headEnd === -1) {
      if (all.length > MAX_HEAD_BYTES) return -1
      this.#carry = Buffer.from(all)
      return bytes.length
    }
    this.#carry = undefined
    const text = all.toString('latin1', 0, headEnd)
    const status = /^HTTP\/1\.[01] ([1-9]\d\d)/.exec(text)
    if (status === null) return -1
    // An interim answer (1xx) is passed over: the state stays 'head'.
    if (Number(status[1]) >= 200) this.#beginBody(Number(status[1]), text)
    return from + headEnd + 4 - carriedBytes
  }

  #beginBody(status: number, head: string): void {
    const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head)
    this.#keepAlive = !head.startsWith('HTTP/1.0') && !/\r\nconnection:[ \t]*close/i.test(head)
    if (status === 204 || status === 304) this.#state = 'done'
    else if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) this.#beginSize()
    else if (length === null) {
      this.#state = 'until-close'
      this.#keepAlive = false
    } else {
      this.#left = Number(length[1])
      this.#state = this.#left === 0 ? 'done' : 'sized'
    }
    this.#sink.head(status, head)
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
