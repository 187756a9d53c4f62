import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { HttpClient, type ExchangeSink, type Flight } from '#/loadgen/http-client.ts'
import { resolveLoadTarget } from '#/loadgen/load-target.ts'

interface Fixture extends AsyncDisposable {
  readonly client: HttpClient
  connections: number
}

/** A server that calls `onRequest` once for each request head that arrives, and a client of it. */
async function serve(onRequest: (socket: Socket, connection: number) => void): Promise<Fixture> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const connection = ++fixture.connections
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        text = text.slice(end + 4)
        onRequest(socket, connection)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const client = new HttpClient(await resolveLoadTarget(`http://127.0.0.1:${address.port}`, false))
  const fixture: Fixture = {
    client,
    connections: 0,
    async [Symbol.asyncDispose]() {
      client.close()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return fixture
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly end: string
}

const REQUEST = Buffer.from('GET / HTTP/1.1\r\nhost: test\r\n\r\n')

function exchange(client: HttpClient, onFlight?: (flight: Flight) => void, message: Buffer = REQUEST): Promise<Answer> {
  return new Promise((resolve) => {
    let status = 0
    let body = ''
    const sink: ExchangeSink = {
      head: (code) => (status = code),
      data: (bytes) => (body += bytes.toString('latin1')),
      end: () => resolve({ status, body, end: 'complete' }),
      fail: (failure) => resolve({ status, body, end: failure }),
    }
    const flight = client.send(message, sink)
    onFlight?.(flight)
  })
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('exchanges one after the other share a connection, exchanges at once do not', async () => {
  await using fixture = await serve((socket) => socket.write(OK))
  for (let i = 0; i < 3; i++) assert.deepEqual(await exchange(fixture.client), { status: 200, body: 'ok', end: 'complete' })
  assert.equal(fixture.connections, 1)
  await Promise.all([exchange(fixture.client), exchange(fixture.client), exchange(fixture.client)])
  assert.equal(fixture.connections, 3)
})

test('a chunked answer written byte by byte arrives whole', async () => {
  const wire = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n'
  await using fixture = await serve((socket) => {
    socket.setNoDelay(true)
    let at = 0
    const next = (): void => {
      if (at < wire.length) socket.write(wire[at++]!, () => setImmediate(next))
    }
    next()
  })
  assert.deepEqual(await exchange(fixture.client), { status: 200, body: 'hello, world', end: 'complete' })
})

test('a connection that the server closes is not used again', async () => {
  await using fixture = await serve((socket) => socket.write(OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')))
  await exchange(fixture.client)
  assert.equal((await exchange(fixture.client)).end, 'complete')
  assert.equal(fixture.connections, 2)
})

test('an idle connection that went away is replaced', async () => {
  const closed = Promise.withResolvers<void>()
  await using fixture = await serve((socket, connection) => {
    socket.write(OK)
    if (connection === 1) setImmediate(() => socket.end(() => socket.once('close', closed.resolve)))
  })
  await exchange(fixture.client)
  await closed.promise
  assert.equal((await exchange(fixture.client)).end, 'complete')
  assert.equal(fixture.connections, 2)
})

test('an answer without a length ends with the connection', async () => {
  await using fixture = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))
  assert.deepEqual(await exchange(fixture.client), { status: 200, body: 'all of it', end: 'complete' })
})

test('failures are told apart', async () => {
  await using reset = await serve((socket) => socket.resetAndDestroy())
  assert.equal((await exchange(reset.client)).end, 'reset')
  await using cut = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'))
  assert.deepEqual(await exchange(cut.client), { status: 200, body: 'half', end: 'cut' })
  await using garbage = await serve((socket) => socket.write('220 smtp ready\r\n\r\n'))
  assert.equal((await exchange(garbage.client)).end, 'malformed')
  const gone = await serve(() => {})
  await gone[Symbol.asyncDispose]()
  assert.equal((await exchange(gone.client)).end, 'refused')
})

test('an aborted exchange closes its connection and is silent', async () => {
  const clientGone = Promise.withResolvers<void>()
  await using fixture = await serve((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')
    socket.once('close', clientGone.resolve)
  })
  const calls: string[] = []
  const flight = fixture.client.send(REQUEST, {
    head: () => calls.push('head'),
    data: () => {
      calls.push('data')
      flight.abort()
    },
    end: () => calls.push('end'),
    fail: () => calls.push('fail'),
  })
  await clientGone.promise
  flight.abort()
  assert.deepEqual(calls, ['head', 'data'])
})

test('a late abort does not hit the next exchange on the connection', async () => {
  await using fixture = await serve((socket) => socket.write(OK))
  const flights: Flight[] = []
  await exchange(fixture.client, (flight) => flights.push(flight))
  const second = exchange(fixture.client)
  flights[0]!.abort()
  assert.equal((await second).end, 'complete')
  assert.equal(fixture.connections, 1)
})

test('an answer that overtakes its request costs the connection', async () => {
  await using fixture = await serve((socket) => {
    socket.pause()
    socket.write(OK)
  })
  const large = Buffer.concat([
    Buffer.from('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 30000000\r\n\r\n'),
    Buffer.alloc(30_000_000, 0x20),
  ])
  assert.equal((await exchange(fixture.client, undefined, large)).end, 'complete')
  await exchange(fixture.client)
  assert.equal(fixture.connections, 2)
})
