import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { AdminServer, toJsonAnswer } from '#/admin/server.ts'
import type { AdminAnswer, AdminRoutes } from '#/admin/server.ts'

const routes: AdminRoutes = new Map<string, () => AdminAnswer | Promise<AdminAnswer>>([
  ['/ok', () => toJsonAnswer(200, { text: 'grüß' })],
  ['/later', () => Promise.resolve({ status: 503, contentType: 'text/plain', body: 'not yet' })],
  [
    '/broken',
    () => {
      throw new Error('no figures')
    },
  ],
])

let server: AdminServer
const ask = (path: string, method = 'GET', body?: string) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method, ...(body === undefined ? {} : { body }) })

before(async () => {
  server = await AdminServer.listen('127.0.0.1', 0, routes)
})
after(() => server[Symbol.asyncDispose]())

test('a route answers GET, with the length in bytes, and nobody may keep the answer', async () => {
  const response = await ask('/ok?verbose=1')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/json')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const text = await response.text()
  assert.equal(response.headers.get('content-length'), String(Buffer.byteLength(text)))
  assert.deepEqual(JSON.parse(text), { text: 'grüß' })
  const later = await ask('/later')
  assert.deepEqual([later.status, await later.text()], [503, 'not yet'])
})

test('HEAD has the same head and no body', async () => {
  const response = await ask('/ok', 'HEAD')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-length'), '18')
  assert.equal(await response.text(), '')
})

test('another path is a 404 that lists those there are', async () => {
  const response = await ask('/metricz')
  assert.equal(response.status, 404)
  assert.match(await response.text(), /\/ok \/later \/broken/)
})

test('another method is a 405 that says what is allowed, body or not', async () => {
  for (const body of [undefined, 'x'.repeat(100_000)]) {
    const response = await ask('/ok', 'POST', body)
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'GET, HEAD')
    await response.text()
  }
})

test('a route that fails is a 500, and the server goes on', async () => {
  const response = await ask('/broken')
  assert.equal(response.status, 500)
  assert.match(await response.text(), /no figures/)
  assert.equal((await ask('/ok')).status, 200)
})

test('a port that is taken rejects with the listen error', async () => {
  await assert.rejects(AdminServer.listen('127.0.0.1', server.port, routes), { code: 'EADDRINUSE' })
})

test('its end closes every connection: one that is idle, one within a request', async () => {
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>()
  const never = (): Promise<AdminAnswer> => {
    wasAsked()
    return new Promise(() => {})
  }
  const doomed = await AdminServer.listen(
    '127.0.0.1',
    0,
    new Map<string, () => AdminAnswer | Promise<AdminAnswer>>([...routes, ['/never', never]]),
  )
  const [idle, busy] = await Promise.all([connectTo(doomed.port), connectTo(doomed.port)])
  const closed = Promise.all([once(idle, 'close'), once(busy, 'close')])
  idle.write('GET /ok HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(idle, 'data')
  busy.write('GET /never HTTP/1.1\r\nhost: x\r\n\r\n')
  await asked
  await doomed[Symbol.asyncDispose]()
  await closed
  await assert.rejects(fetch(`http://127.0.0.1:${doomed.port}/ok`))
})

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
