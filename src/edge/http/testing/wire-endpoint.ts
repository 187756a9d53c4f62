/** A model server in a test that does exactly what the test writes: its connections in the order in which they were made. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { Wire } from '#/edge/http/testing/wire.ts'

export class WireEndpoint implements AsyncDisposable {
  readonly #server: Server
  readonly #wires: Wire[] = []
  #taken = 0
  #waiters: (() => void)[] = []

  private constructor(host: string) {
    this.#server = createServer((socket) => {
      this.#wires.push(new Wire(socket))
      for (const waiter of this.#waiters.splice(0)) waiter()
    })
    this.#server.listen(0, host)
  }

  static async listen(host = '127.0.0.1'): Promise<WireEndpoint> {
    const endpoint = new WireEndpoint(host)
    await new Promise((resolve, reject) => {
      endpoint.#server.once('listening', resolve)
      endpoint.#server.once('error', reject)
    })
    return endpoint
  }

  /** A port at which nobody listens. */
  static async closedPort(): Promise<number> {
    await using endpoint = await WireEndpoint.listen()
    return endpoint.port
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get connectionCount(): number {
    return this.#wires.length
  }

  /** The next connection that was not asked for yet. */
  async next(): Promise<Wire> {
    const at = this.#taken++
    while (this.#wires[at] === undefined) await new Promise<void>((resolve) => this.#waiters.push(resolve))
    return this.#wires[at]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wire of this.#wires) wire[Symbol.dispose]()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
