/**
 * HttpGet straight on sockets: one keep-alive connection for each endpoint, apart from those of the data path, so that a scrape never waits
 * behind a stream. A general HTTP client costs a multiple of the page that it fetches, a hundred times a second.
 */
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { GetFailure, GetFlight, GetSink, HttpGet } from '#/fleet/scrape/http-get.ts'
import { ProtocolError, ResponseReader } from '#/fleet/scrape/response-reader.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

/** Plain sockets read into one buffer in turn: whoever gets a chunk reads it before the next one arrives. */
const READ_BUFFER_BYTES = 64 * 1024

export class NetGet implements HttpGet {
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  /** By endpoint reference. */
  readonly #connections = new Map<number, Connection>()

  get(endpoint: Endpoint, path: string, sink: GetSink): GetFlight {
    const request = `GET ${path} HTTP/1.1\r\nhost: ${endpoint.address}\r\nuser-agent: headgate\r\naccept: */*\r\n\r\n`
    const idle = this.#connections.get(endpoint.ref)
    // A server may close an idle connection at any moment (RFC 9112 9.3.1): if it did so before it answered, a new one is tried.
    if (idle === undefined) this.#open(endpoint, request, sink)
    else idle.exchange(request, sink, () => this.#open(endpoint, request, sink))
    return { abort: () => this.#connections.get(endpoint.ref)?.abort(sink) }
  }

  forget(endpoint: Endpoint): void {
    this.#connections.get(endpoint.ref)?.drop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  #open(endpoint: Endpoint, request: string, sink: GetSink): void {
    const connection = new Connection(endpoint, this.#readBuffer, () => {
      // After `forget` there may be a newer one.
      if (this.#connections.get(endpoint.ref) === connection) this.#connections.delete(endpoint.ref)
    })
    this.#connections.set(endpoint.ref, connection)
    connection.exchange(request, sink)
  }
}

class Connection {
  readonly #socket: Socket
  readonly #closed: () => void
  #connected = false
  /** The exchange under way; undefined while the connection is idle or after it is over. */
  #sink: GetSink | undefined
  #reader: ResponseReader | undefined
  #retry: (() => void) | undefined

  constructor(endpoint: Endpoint, readBuffer: Buffer, closed: () => void) {
    this.#closed = closed
    const { host, port } = endpoint
    let socket: Socket
    if (endpoint.scheme === 'https') {
      socket = connectTls({ host, port, ALPNProtocols: ['http/1.1'] }, () => this.#opened())
      socket.on('data', (chunk: Buffer) => this.#read(chunk))
    } else {
      const callback = (bytes: number): boolean => {
        this.#read(readBuffer.subarray(0, bytes))
        return true
      }
      socket = connectTcp({ host, port, onread: { buffer: readBuffer, callback } }, () => this.#opened())
    }
    socket.on('error', (error) => this.#fail(toFailure(error, this.#connected)))
    socket.on('end', () => this.#ended())
    socket.on('close', () => this.#fail({ kind: 'reset', reason: 'the connection was closed' }))
    this.#socket = socket
  }

  /** `retry` is called instead of `fail` if the connection turns out to be closed. */
  exchange(request: string, sink: GetSink, retry?: () => void): void {
    this.#sink = sink
    this.#reader = new ResponseReader(sink)
    this.#retry = retry
    this.#socket.write(request, 'latin1')
  }

  /** Does nothing if the exchange of this sink is over. */
  abort(sink: GetSink): void {
    if (this.#sink === sink) this.drop()
  }

  drop(): void {
    this.#sink = undefined
    this.#reader?.stop()
    this.#closed()
    this.#socket.destroy()
  }

  async close(): Promise<void> {
    this.drop()
    if (!this.#socket.closed) await new Promise((resolve) => this.#socket.once('close', resolve))
  }

  #opened(): void {
    this.#connected = true
  }

  #read(chunk: Buffer): void {
    const reader = this.#reader
    if (this.#sink === undefined || reader === undefined) {
      this.drop()
      return
    }
    try {
      reader.read(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fail({ kind: 'protocol', reason: error.message })
      return
    }
    if (reader.done && this.#sink !== undefined) this.#finish(reader.reusable)
  }

  #finish(reusable: boolean): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#reader = undefined
    if (!reusable) this.drop()
    sink?.end()
  }

  #ended(): void {
    if (this.#reader?.close() === true) this.#finish(false)
    else this.#fail({ kind: 'reset', reason: 'the connection ended before the answer did' })
  }

  #fail(failure: GetFailure): void {
    const sink = this.#sink
    this.drop()
    if (sink === undefined) return
    if (failure.kind === 'reset' && this.#retry !== undefined && this.#reader?.begun === false) this.#retry()
    else sink.fail(failure)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: 'the connection was reset',
}

function toFailure(error: NodeJS.ErrnoException, connected: boolean): GetFailure {
  return { kind: connected ? 'reset' : 'connect', reason: REASONS[error.code ?? ''] ?? (error.message || `${error.code}`) }
}
