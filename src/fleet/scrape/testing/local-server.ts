/** Starts and stops the small real servers of tests on 127.0.0.1. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'

export interface LocalServer extends AsyncDisposable {
  readonly port: number
  /** Connections accepted so far. */
  readonly connections: readonly Socket[]
}

/** Port 0 lets the system choose. Disposing ends every connection and frees the port. */
export async function listenLocally(server: Server, port = 0): Promise<LocalServer> {
  const connections: Socket[] = []
  server.on('connection', (socket) => connections.push(socket))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return {
    port: address.port,
    connections,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of connections) socket.destroy()
      await once(server, 'close')
    },
  }
}
