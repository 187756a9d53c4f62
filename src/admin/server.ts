/** The admin port: metrics, health and the fleet as JSON. For operators on the machine: it is bound to loopback by default. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AdminAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** Of a 405: what the path takes (RFC 9110 15.5.6). */
  readonly allow?: string
}

/** Path -> what answers a GET or HEAD of it. */
export type AdminRoutes = ReadonlyMap<string, () => AdminAnswer | Promise<AdminAnswer>>

export function toJsonAnswer(status: number, value: unknown): AdminAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}

export class AdminServer implements AsyncDisposable {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Rejects with the listen error, `EADDRINUSE` among them. */
  static listen(host: string, port: number, routes: AdminRoutes): Promise<AdminServer> {
    const server = createServer({ requestTimeout: 10_000 }, (request, response) => void answer(routes, request, response))
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        resolve(new AdminServer(server))
      })
    })
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }
}

async function answer(routes: AdminRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!
  const { status, contentType, body, allow } = await find(routes, request.method ?? 'GET', path)
  const fields = { 'content-type': contentType, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' }
  response.writeHead(status, allow === undefined ? fields : { ...fields, allow })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function find(routes: AdminRoutes, method: string, path: string): Promise<AdminAnswer> {
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...toJsonAnswer(405, { error: 'the admin port answers GET and HEAD' }), allow: 'GET, HEAD' }
  }
  const route = routes.get(path)
  if (route === undefined) return toJsonAnswer(404, { error: `no such path; there are ${[...routes.keys()].join(' ')}` })
  try {
    return await route()
  } catch (error) {
    return toJsonAnswer(500, { error: String(error) })
  }
}
