/**
 * A fleet of model servers that costs next to nothing: one process, many ports, answers out of prepared buffers. Chat and completions get a
 * fixed JSON answer or an event stream of `max_tokens` chunks; /metrics, /v1/models and /health are there too. Run as a program it
 * prints its ports as one JSON line and serves until it is killed:
 *   static-backend.ts --ports N [--interval-ms MS] [--answer-chars N]
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { prepareAnswers } from './backend-answers.ts'
import { BackendConnection } from './backend-connection.ts'

export interface StaticBackendOptions {
  readonly ports: number
  /** Time between two chunks of a stream; 0: one chunk a turn of the event loop. */
  readonly intervalMs: number
  /** Text in an answer that is not streamed. */
  readonly answerChars: number
}

export interface StaticBackend extends AsyncDisposable {
  readonly urls: readonly string[]
}

const LISTEN_BACKLOG = 4096

export async function startStaticBackend(options: StaticBackendOptions): Promise<StaticBackend> {
  const answers = prepareAnswers(options.answerChars)
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  const urls: string[] = []
  for (let i = 0; i < options.ports; i++) {
    const endpoint = { running: 0 }
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      const connection = new BackendConnection(socket, answers, options.intervalMs, endpoint)
      socket.on('data', (bytes: Buffer) => connection.read(bytes))
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        connection.closed()
      })
    })
    server.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG })
    await once(server, 'listening')
    servers.push(server)
    const address = server.address()
    if (typeof address === 'object' && address !== null) urls.push(`http://127.0.0.1:${address.port}`)
  }
  return {
    urls,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      ports: { type: 'string' },
      'interval-ms': { type: 'string', default: '0' },
      'answer-chars': { type: 'string', default: '480' },
    },
  })
  const backend = await startStaticBackend({
    ports: Number(values.ports ?? 1),
    intervalMs: Number(values['interval-ms']),
    answerChars: Number(values['answer-chars']),
  })
  console.log(JSON.stringify({ urls: backend.urls }))
}
