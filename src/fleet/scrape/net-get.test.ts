import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { NetGet } from '#/fleet/scrape/net-get.ts'
import type { GetFailure, GetFlight } from '#/fleet/scrape/http-get.ts'
import { listenLocally } from '#/fleet/scrape/testing/local-server.ts'
import type { LocalServer } from '#/fleet/scrape/testing/local-server.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

interface Answer {
  readonly status: number
  readonly body: string
  readonly failure: GetFailure | undefined
}

function endpointAt(port: number, host = '127.0.0.1', scheme: 'http' | 'https' = 'http'): Endpoint {
  return new EndpointTable(new ColumnStore(1)).add({ namespace: 'default', name: 'a', scheme, host, port, labels: {} })
}

function get(http: NetGet, endpoint: Endpoint, path = '/metrics', onFlight?: (flight: GetFlight) => void): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  let status = 0
  let body = ''
  const flight = http.get(endpoint, path, {
    head: (code) => (status = code),
    data: (chunk) => (body += chunk.toString()),
    end: () => resolve({ status, body, failure: undefined }),
    fail: (failure) => resolve({ status, body, failure }),
  })
  onFlight?.(flight)
  return promise
}

function listenHttp(handle: RequestListener): Promise<LocalServer> {
  return listenLocally(createHttpServer(handle))
}

function listenTcp(handle: (socket: Socket) => void): Promise<LocalServer> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    handle(socket)
  })
  return listenLocally(server)
}

test('answers come whole, in order, over one connection', async () => {
  const big = 'x'.repeat(300_000)
  await using http = new NetGet()
  await using server = await listenHttp((request, response) => {
    assert.equal(request.headers.host, `127.0.0.1:${server.port}`)
    if (request.url === '/chunked') {
      response.write('hello, ')
      response.end('world')
    } else response.writeHead(request.url === '/none' ? 404 : 200, { 'content-length': big.length }).end(big)
  })
  const endpoint = endpointAt(server.port)
  assert.deepEqual(await get(http, endpoint, '/chunked'), { status: 200, body: 'hello, world', failure: undefined })
  assert.deepEqual(await get(http, endpoint, '/big'), { status: 200, body: big, failure: undefined })
  assert.deepEqual(await get(http, endpoint, '/none'), { status: 404, body: big, failure: undefined })
  assert.equal(server.connections.length, 1)
  http.forget(endpoint)
  await get(http, endpoint, '/chunked')
  assert.equal(server.connections.length, 2)
})

test('a connection that the server closes after its answer is replaced', async () => {
  await using http = new NetGet()
  await using server = await listenHttp((_request, response) => response.setHeader('connection', 'close').end('bye'))
  const endpoint = endpointAt(server.port)
  for (let i = 0; i < 2; i++) assert.equal((await get(http, endpoint)).body, 'bye')
  assert.equal(server.connections.length, 2)
})

test('an idle connection that turns out to be closed costs no answer, and a new one is tried once', async () => {
  let requests = 0
  await using http = new NetGet()
  await using server = await listenTcp((socket) => {
    let served = false
    socket.on('data', () => {
      requests++
      // A second request on a connection meets a server that has just closed it.
      if (served) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      served = true
    })
  })
  const endpoint = endpointAt(server.port)
  for (let i = 0; i < 3; i++) assert.deepEqual(await get(http, endpoint), { status: 200, body: 'ok', failure: undefined })
  assert.equal(requests, 5)
})

test('what breaks before or within an answer is told apart', async () => {
  await using http = new NetGet()
  await using silent = await listenTcp((socket) => socket.on('data', () => socket.destroy()))
  assert.equal((await get(http, endpointAt(silent.port))).failure?.kind, 'reset')
  await using half = await listenTcp((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')))
  const cut = await get(http, endpointAt(half.port))
  assert.deepEqual([cut.status, cut.body, cut.failure?.kind], [200, 'half', 'reset'])
  await using ssh = await listenTcp((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
  assert.deepEqual((await get(http, endpointAt(ssh.port))).failure, { kind: 'protocol', reason: 'the answer is not HTTP/1' })
  await using bare = await listenTcp((socket) => socket.on('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nold')))
  assert.deepEqual(await get(http, endpointAt(bare.port)), { status: 200, body: 'old', failure: undefined })
})

test('an answer that breaks within is not asked for again, on an old connection neither', async () => {
  await using http = new NetGet()
  let requests = 0
  await using server = await listenTcp((socket) =>
    socket.on('data', () => {
      if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')
    }),
  )
  const endpoint = endpointAt(server.port)
  await get(http, endpoint)
  const cut = await get(http, endpoint)
  assert.deepEqual([cut.body, cut.failure?.kind, requests], ['half', 'reset', 2])
})

test('nobody there is a connect failure with the reason in words', async () => {
  await using http = new NetGet()
  const closed = await listenTcp(() => undefined)
  await closed[Symbol.asyncDispose]()
  assert.deepEqual((await get(http, endpointAt(closed.port))).failure, { kind: 'connect', reason: 'the connection is refused' })
  assert.deepEqual((await get(http, endpointAt(closed.port, 'localhost'))).failure, {
    kind: 'connect',
    reason: 'the connection is refused',
  })
  await using plain = await listenHttp((_request, response) => response.end())
  assert.equal((await get(http, endpointAt(plain.port, '127.0.0.1', 'https'))).failure?.kind, 'connect', 'no TLS there')
})

test('abort ends the exchange at once, and is harmless afterwards', async () => {
  await using http = new NetGet()
  let hang = true
  const { promise: asked, resolve } = Promise.withResolvers<Socket>()
  await using server = await listenHttp((request, response) => {
    if (hang) resolve(request.socket)
    else response.end('ok')
  })
  const endpoint = endpointAt(server.port)
  let flight: GetFlight | undefined
  void get(http, endpoint, '/metrics', (started) => (flight = started)).then(() => assert.fail('an aborted exchange ended'))
  const socket = await asked
  flight!.abort()
  await once(socket, 'close')
  hang = false
  let later: GetFlight | undefined
  const answer = await get(http, endpoint, '/metrics', (started) => (later = started))
  assert.equal(answer.body, 'ok')
  flight!.abort()
  later!.abort()
  assert.equal((await get(http, endpoint)).body, 'ok')
  assert.equal(server.connections.length, 2, 'the idle connection was left alone')
})

test('closing ends exchanges and idle connections alike', async () => {
  const http = new NetGet()
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  await using server = await listenHttp((request, response) => {
    if (request.url === '/idle') response.end()
    else resolve()
  })
  const [idle, busy] = [endpointAt(server.port), { ...endpointAt(server.port), ref: 7 }]
  await get(http, idle, '/idle')
  void get(http, busy, '/hang').then(() => assert.fail('an exchange ended after the close'))
  await asked
  assert.equal(server.connections.length, 2)
  const closed = server.connections.map((socket) => once(socket, 'close'))
  await http[Symbol.asyncDispose]()
  await Promise.all(closed)
})
