/**
 * A lean keep-alive HTTP/1.1 client on node:net for one target: no streams, no header objects, one read buffer shared by all connections,
 * one write a request. It never retries: what a gateway does to a request has to be seen.
 */
import { connect, type Socket } from 'node:net'
import { AnswerParser, type AnswerSink } from '#/loadgen/answer-parser.ts'
import type { LoadTarget } from '#/loadgen/load-target.ts'

/** Why an exchange ended without a complete answer. */
export type TransportFailure =
  /** Nothing listens there. */
  | 'refused'
  /** The connection could not be made for another reason. */
  | 'unconnectable'
  /** The connection was reset. */
  | 'reset'
  /** The connection ended before the answer did. */
  | 'cut'
  /** What came back is not HTTP/1.1. */
  | 'malformed'

/** One exchange's callbacks, in order: `head`, `data`..., then exactly one of `end` and `fail`, unless the exchange is aborted. */
export interface ExchangeSink extends AnswerSink {
  end(): void
  fail(failure: TransportFailure): void
}

export interface Flight {
  /** Closes the connection; no further callback. Does nothing after the end. */
  abort(): void
}

const READ_BUFFER_BYTES = 65_536

export class HttpClient {
  readonly #target: LoadTarget
  readonly #readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  readonly #open = new Set<Connection>()
  /** Last in, first out: few connections stay warm. */
  readonly #idle: Connection[] = []

  constructor(target: LoadTarget) {
    this.#target = target
  }

  /** Sends a whole request message on an idle connection or a new one. */
  send(message: Buffer, sink: ExchangeSink): Flight {
    const connection = this.#idle.pop() ?? this.#connect()
    return connection.send(message, sink)
  }

  /** Closes every connection; exchanges under way get no further callback. */
  close(): void {
    for (const connection of this.#open) connection.close()
  }

  #connect(): Connection {
    const connection = new Connection(this.#target, this.#readBuffer, {
      idle: () => this.#idle.push(connection),
      closed: () => {
        this.#open.delete(connection)
        const at = this.#idle.lastIndexOf(connection)
        if (at !== -1) this.#idle.splice(at, 1)
      },
    })
    this.#open.add(connection)
    return connection
  }
}

interface ConnectionEvents {
  idle(): void
  closed(): void
}

class ConnectionFlight implements Flight {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  abort(): void {
    this.#connection.abort(this)
  }
}

class Connection {
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  readonly #parser: AnswerParser
  #sink: ExchangeSink | undefined
  #flight: Flight | undefined
  #failure: TransportFailure = 'cut'

  constructor(target: LoadTarget, readBuffer: Buffer, events: ConnectionEvents) {
    this.#events = events
    this.#parser = new AnswerParser(NO_SINK)
    this.#socket = connect({
      host: target.address,
      port: target.port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (sizeBytes) => {
          this.#read(readBuffer, sizeBytes)
          return true
        },
      },
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = failureOf(error, this.#socket)
    })
    this.#socket.on('end', () => this.#ended())
    this.#socket.on('close', () => this.#fail(this.#failure))
  }

  send(message: Buffer, sink: ExchangeSink): Flight {
    const flight = new ConnectionFlight(this)
    this.#sink = sink
    this.#flight = flight
    this.#parser.begin(sink)
    this.#socket.write(message)
    return flight
  }

  abort(flight: Flight): void {
    if (this.#flight === flight) this.close()
  }

  close(): void {
    this.#sink = undefined
    this.#flight = undefined
    this.#parser.stop()
    this.#events.closed()
    this.#socket.destroy()
  }

  #read(buffer: Buffer, sizeBytes: number): void {
    if (this.#sink === undefined) {
      // Bytes that nobody asked for: an answer to an aborted exchange, or a server that talks out of turn.
      this.close()
      return
    }
    const outcome = this.#parser.feed(buffer.subarray(0, sizeBytes))
    if (outcome === 'complete') this.#complete()
    else if (outcome === 'malformed') this.#fail('malformed')
  }

  #ended(): void {
    if (this.#sink !== undefined && this.#parser.endsByClose) this.#complete()
    else this.#fail('cut')
  }

  #complete(): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#flight = undefined
    // An answer that overtook its own request leaves the rest of that request on the wire.
    if (this.#parser.keepAlive && this.#socket.writableLength === 0) this.#events.idle()
    else this.close()
    sink?.end()
  }

  #fail(failure: TransportFailure): void {
    const sink = this.#sink
    this.close()
    sink?.fail(failure)
  }
}

const NO_SINK: AnswerSink = { head() {}, data() {} }

function failureOf(error: NodeJS.ErrnoException, socket: Socket): TransportFailure {
  if (error.code === 'ECONNREFUSED') return 'refused'
  return error.syscall === 'connect' || socket.connecting ? 'unconnectable' : 'reset'
}
