/** One end of a TCP connection in a test: exact bytes out, everything that came in as text, and waiting for what is due. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'

interface Waiter {
  readonly isDue: (text: string) => boolean
  readonly resolve: (text: string) => void
  readonly reject: (cause: Error) => void
  readonly awaited: string
}

export class Wire implements Disposable {
  readonly socket: Socket
  /** Settles when the connection is closed: 'reset' if the peer reset it. */
  readonly closed: Promise<'closed' | 'reset'>
  #text = ''
  #isClosed = false
  #waiters: Waiter[] = []

  constructor(socket: Socket) {
    this.socket = socket
    let how: 'closed' | 'reset' = 'closed'
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') how = 'reset'
    })
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1')
      this.#settle()
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true
        this.#settle()
        resolve(how)
      })
    })
  }

  /** `allowHalfOpen`: go on after the peer ended its side. */
  static open(port: number, { allowHalfOpen }: { readonly allowHalfOpen: boolean } = { allowHalfOpen: false }): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Wire(socket))
      })
    })
  }

  /** Everything received so far, a character a byte. */
  get text(): string {
    return this.#text
  }

  send(...lines: string[]): void {
    this.socket.write(Buffer.from(lines.join('\r\n'), 'latin1'))
  }

  /** Waits until `awaited` stands in what was received since `from`. Rejects if the connection closes first. */
  until(awaited: string | RegExp, from = 0): Promise<string> {
    const isDue = (text: string): boolean => (typeof awaited === 'string' ? text.includes(awaited, from) : awaited.test(text.slice(from)))
    return new Promise((resolve, reject) => {
      this.#waiters.push({ isDue, resolve, reject, awaited: String(awaited) })
      this.#settle()
    })
  }

  /** All that came until the connection closed. */
  async rest(): Promise<string> {
    await this.closed
    return this.#text
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #settle(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      if (waiter.isDue(this.#text)) waiter.resolve(this.#text)
      else if (this.#isClosed) waiter.reject(new Error(`closed before ${waiter.awaited} came, after: ${this.#text}`))
      else this.#waiters.push(waiter)
    }
  }
}
