import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { RecordingSink } from '#/edge/http/testing/recording-sink.ts'
import { WireEndpoint } from '#/edge/http/testing/wire-endpoint.ts'
import type { Wire } from '#/edge/http/testing/wire.ts'
import { UndiciUpstream } from '#/edge/http/undici-upstream.ts'
import type { UpstreamOptions } from '#/edge/http/undici-upstream.ts'
import type { Flight } from '#/edge/http/upstream.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const table = new EndpointTable(new ColumnStore(64))

function endpointAt(port: number, host = '127.0.0.1', scheme: 'http' | 'https' = 'http'): Endpoint {
  return table.add({ namespace: 'test', name: `e${table.size}`, scheme, host, port, labels: {} })
}

class Rig implements AsyncDisposable {
  readonly server: WireEndpoint
  readonly upstream: UndiciUpstream
  readonly endpoint: Endpoint

  private constructor(server: WireEndpoint, options: Partial<UpstreamOptions>) {
    this.server = server
    this.upstream = new UndiciUpstream(options)
    this.endpoint = endpointAt(server.port)
  }

  static async start(options: Partial<UpstreamOptions> = {}): Promise<Rig> {
    return new Rig(await WireEndpoint.listen(), options)
  }

  send(sink: RecordingSink, parts: readonly Uint8Array[] = [Buffer.from('hello')], fields: string[] = []): Flight {
    const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0)
    return this.upstream.send(this.endpoint, { method: 'POST', target: '/v1/x?y', fields }, parts, lengthBytes, sink)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}

test('sends the head and body as given, and hands the answer on in order', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  rig.send(sink, [Buffer.from('hel'), Buffer.from('lo')], ['x-a', '1', 'x-a', '2'])
  const wire = await rig.server.next()
  await wire.until('hello')
  assert.match(wire.text, /^POST \/v1\/x\?y HTTP\/1\.1\r\n/)
  assert.match(wire.text, new RegExp(`host: 127.0.0.1:${rig.server.port}\r\n`))
  assert.match(wire.text, /x-a: 1\r\nx-a: 2\r\n/)
  assert.match(wire.text, /content-length: 5\r\n\r\nhello$/)
  wire.send('HTTP/1.1 201 Created', 'Content-Length: 4', 'Connection: x-hop', 'X-Hop: 1', 'X-B: 2', '', 'ab')
  await sink.until(/^data ab/)
  wire.send('cd')
  await sink.until(/^end/)
  assert.deepEqual(sink.events, ['head 201 4', 'data ab', 'data cd', 'end'])
  assert.deepEqual(sink.fields, ['x-b', '2'])
})

test('a large body of many parts arrives byte for byte, and the list that was handed over is left alone', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  const parts = Array.from({ length: 7 }, (_, i) => Buffer.alloc(40_000 + i, 97 + i))
  const sent = [...parts]
  rig.send(sink, sent)
  const wire = await rig.server.next()
  await wire.until('g'.repeat(40_006))
  assert.equal(wire.text.split('\r\n\r\n')[1], Buffer.concat(parts).toString())
  assert.match(wire.text, /content-length: 280021\r\n/)
  wire.send('HTTP/1.1 200 OK', 'content-length: 0', '', '')
  await sink.until(/^end/)
  assert.deepEqual(sent, parts)
})

test('informational answers are skipped, a chunked answer has no length', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  wire.send('HTTP/1.1 103 Early Hints', 'link: a', '', 'HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '2', 'ab', '0', '', '')
  await sink.until(/^end/)
  assert.deepEqual(sink.events, ['head 200 undefined', 'data ab', 'end'])
})

test('the body is let go once it is sent, however long the answer takes', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  const sendBody = (): WeakRef<Buffer> => {
    const body = Buffer.alloc(100_000, 97)
    rig.send(sink, [body, Buffer.from('END')])
    return new WeakRef(body)
  }
  const body = sendBody()
  const wire = await rig.server.next()
  await wire.until('END')
  wire.send('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '')
  await sink.until(/^head/)
  await setImmediate()
  collectGarbage()
  assert.equal(body.deref(), undefined)
})

test('a request that cannot be written is a failure of its own, and not before send returned', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  rig.upstream.send(rig.endpoint, { method: 'POST', target: '/a b', fields: [] }, [], 0, sink)
  assert.deepEqual(sink.events, [])
  await sink.until(/^fail/)
  assert.deepEqual(sink.events, ['fail protocol'])
  assert.equal(rig.server.connectionCount, 0)
})

test('a connection is used again, and no second one is opened', async () => {
  await using rig = await Rig.start()
  let wire: Wire | undefined
  for (const name of ['first', 'second', 'third']) {
    const sink = new RecordingSink()
    rig.send(sink, [Buffer.from(name)])
    wire ??= await rig.server.next()
    await wire.until(name)
    wire.send('HTTP/1.1 200 OK', 'content-length: 0', '', '')
    await sink.until(/^end/)
    // The connection is free two turns of the loop later: one for the endpoint to close it after all, one to say so to the pool.
    for (let turn = 0; turn < 2; turn++) await setImmediate()
  }
  assert.equal(rig.server.connectionCount, 1)
})

test('requests at the same time have a connection each', async () => {
  await using rig = await Rig.start()
  const sinks = [new RecordingSink(), new RecordingSink()]
  for (const sink of sinks) rig.send(sink)
  for (const wire of [await rig.server.next(), await rig.server.next()]) {
    await wire.until('hello')
    wire.send('HTTP/1.1 200 OK', 'content-length: 0', '', '')
  }
  await Promise.all(sinks.map((sink) => sink.until(/^end/)))
})

test('nobody listens: connect', async () => {
  await using upstream = new UndiciUpstream()
  const sink = new RecordingSink()
  upstream.send(endpointAt(await WireEndpoint.closedPort()), { method: 'POST', target: '/', fields: [] }, [], 0, sink)
  assert.deepEqual(sink.events, [], 'nothing is called before send returned')
  await sink.until(/^fail/)
  assert.deepEqual(sink.events, ['fail connect'])
})

test('no such name: connect', async () => {
  await using upstream = new UndiciUpstream()
  const sink = new RecordingSink()
  upstream.send(endpointAt(80, 'no-such-host.invalid'), { method: 'POST', target: '/', fields: [] }, [], 0, sink)
  await sink.until(/^fail/)
  assert.deepEqual(sink.events, ['fail connect'])
})

test('no TLS where TLS is expected: connect, and nothing of the request was sent', async () => {
  await using server = await WireEndpoint.listen()
  await using upstream = new UndiciUpstream()
  const sink = new RecordingSink()
  upstream.send(endpointAt(server.port, '127.0.0.1', 'https'), { method: 'POST', target: '/secret', fields: [] }, [], 0, sink)
  const wire = await server.next()
  await wire.until(/./)
  wire.send('HTTP/1.1 400 Bad Request', '', '')
  await sink.until(/^fail/)
  assert.deepEqual(sink.events, ['fail connect'])
  assert.doesNotMatch(wire.text, /secret/)
})

test('closed before the answer: reset', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  wire.socket.end()
  await sink.until(/^fail/)
  assert.deepEqual(sink.events, ['fail reset'])
})

for (const [framing, begin] of [
  ['a length', ['HTTP/1.1 200 OK', 'content-length: 10', '', 'ab']],
  ['chunks', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '2', 'ab', '']],
  ['chunks and a last connection', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', 'connection: close', '', '2', 'ab', '']],
] as const) {
  test(`closed within an answer with ${framing}: reset`, async () => {
    await using rig = await Rig.start()
    const sink = new RecordingSink()
    rig.send(sink)
    const wire = await rig.server.next()
    await wire.until('hello')
    wire.send(...begin)
    await sink.until(/^data/)
    wire.socket.end()
    await sink.until(/^fail/)
    assert.deepEqual(sink.events.slice(1), ['data ab', 'fail reset'])
  })
}

for (const [what, answer] of [
  ['not HTTP', 'SSH-2.0-x\r\n'],
  ['both framings', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nab'],
  ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`],
] as const) {
  test(`an answer that is ${what}: protocol`, async () => {
    await using rig = await Rig.start()
    const sink = new RecordingSink()
    rig.send(sink)
    const wire = await rig.server.next()
    await wire.until('hello')
    wire.send(answer)
    await sink.until(/^fail/)
    assert.deepEqual(sink.events, ['fail protocol'])
  })
}

// undici looks at its clock once or twice a second: side by side they wait together.
describe('limits of time', { concurrency: true }, () => {
  test('no connection in time: connect', async () => {
    // A TLS handshake that is never answered.
    await using server = await WireEndpoint.listen()
    await using upstream = new UndiciUpstream({ connectTimeoutMs: 50 })
    const sink = new RecordingSink()
    upstream.send(endpointAt(server.port, '127.0.0.1', 'https'), { method: 'POST', target: '/', fields: [] }, [], 0, sink)
    await sink.until(/^fail/)
    assert.deepEqual(sink.events, ['fail connect'])
  })

  test('no head in time: timeout', async () => {
    await using rig = await Rig.start({ responseTimeoutMs: 50 })
    const sink = new RecordingSink()
    rig.send(sink)
    await sink.until(/^fail/)
    assert.deepEqual(sink.events, ['fail timeout'])
  })

  test('silence within an answer: timeout', async () => {
    await using rig = await Rig.start({ streamIdleTimeoutMs: 50 })
    const sink = new RecordingSink()
    rig.send(sink)
    const wire = await rig.server.next()
    await wire.until('hello')
    wire.send('HTTP/1.1 200 OK', 'content-length: 10', '', 'ab')
    await sink.until(/^fail/)
    assert.deepEqual(sink.events.slice(1), ['data ab', 'fail timeout'])
  })
})

test('an aborted flight closes its connection and says nothing more', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  const flight = rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  wire.send('HTTP/1.1 200 OK', 'content-length: 10', '', 'ab')
  await sink.until(/^data/)
  flight.abort()
  flight.abort()
  flight.resume()
  await wire.closed
  assert.deepEqual(sink.events, ['head 200 10', 'data ab'])
})

test('a flight aborted before it has a connection sends nothing', async () => {
  await using rig = await Rig.start()
  const [aborted, other] = [new RecordingSink(), new RecordingSink()]
  rig.send(aborted, [Buffer.from('aborted')]).abort()
  rig.send(other)
  const wires = [await rig.server.next(), await rig.server.next()]
  await Promise.any(wires.map((wire) => wire.until('hello')))
  await Promise.race(wires.map((wire) => wire.closed))
  assert.ok(wires.every((wire) => !wire.text.includes('aborted')))
  assert.deepEqual(aborted.events, [])
})

test('a paused answer goes on where it stopped', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  sink.takesMore = false
  const flight = rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  wire.send('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '1', 'a', '1', 'b', '1', 'c', '0', '', '')
  await sink.until(/^data a/)
  assert.deepEqual(sink.events, ['head 200 undefined', 'data a'])
  flight.resume()
  assert.deepEqual(sink.events.slice(2), ['data b'])
  sink.takesMore = true
  flight.resume()
  assert.deepEqual(sink.events.slice(3), ['data c', 'end'])
})

test('a forgotten endpoint keeps its request in flight and closes its connection afterwards', async () => {
  await using rig = await Rig.start()
  const sink = new RecordingSink()
  rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  rig.upstream.forget(rig.endpoint)
  wire.send('HTTP/1.1 200 OK', 'content-length: 2', '', 'ab')
  await sink.until(/^end/)
  await wire.closed
})

test('disposing cuts what is in flight, to forgotten endpoints too', async () => {
  await using server = await WireEndpoint.listen()
  const upstream = new UndiciUpstream()
  const endpoint = endpointAt(server.port)
  const sink = new RecordingSink()
  upstream.send(endpoint, { method: 'POST', target: '/', fields: [] }, [], 0, sink)
  const wire = await server.next()
  await wire.until('POST')
  upstream.forget(endpoint)
  await upstream[Symbol.asyncDispose]()
  await wire.closed
  assert.deepEqual(sink.events, ['fail reset'])
})

test('an idle connection closes before an endpoint would close it', async () => {
  await using rig = await Rig.start({ keepAliveTimeoutMs: 50 })
  const sink = new RecordingSink()
  rig.send(sink)
  const wire = await rig.server.next()
  await wire.until('hello')
  wire.send('HTTP/1.1 200 OK', 'content-length: 0', '', '')
  await wire.closed
})

test('IPv6', async (t) => {
  let server
  try {
    server = await WireEndpoint.listen('::1')
  } catch {
    t.skip('no IPv6 loopback here')
    return
  }
  await using endpoint = server
  await using upstream = new UndiciUpstream()
  const sink = new RecordingSink()
  upstream.send(endpointAt(endpoint.port, '::1'), { method: 'POST', target: '/', fields: [] }, [], 0, sink)
  const wire = await endpoint.next()
  await wire.until(`host: [::1]:${endpoint.port}`)
  wire.send('HTTP/1.1 204 No Content', '', '')
  await sink.until(/^end/)
})
