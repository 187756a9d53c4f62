import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { EdgeRig, ok, post } from '#/edge/http/testing/edge-rig.ts'
import { WireEndpoint } from '#/edge/http/testing/wire-endpoint.ts'
import type { Wire } from '#/edge/http/testing/wire.ts'
import { InferenceError } from '#/errors.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import type { Decision, EdgeControl, HeaderPatch, Queued } from '#/request/exchange.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'

/** The head of a stream. */
const SSE = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`
}

test('a request and its answer pass, with what the gateway adds and without what is not theirs to pass', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  const own = ['content-type: application/json', 'x-llm-d-inference-objective: high', 'x-request-id: mine', 'authorization: Bearer x']
  const foreign = [
    'x-gateway-destination-endpoint: 10.0.0.1:80',
    'X-Prefiller-Host-Port: a:1',
    'accept-encoding: gzip',
    'connection: x-hop',
    'x-hop: 1',
  ]
  client.send(post('{"model":"m"}', ...own, ...foreign).replace('completions ', 'completions?beta=1 '))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{"model":"m"}')
  const [head] = endpoint.text.split('\r\n\r\n')
  assert.deepEqual(head!.split('\r\n'), [
    'POST /v1/chat/completions?beta=1 HTTP/1.1',
    `host: 127.0.0.1:${rig.endpoint.port}`,
    'connection: keep-alive',
    ...own,
    'accept-encoding: identity',
    'content-length: 13',
  ])
  endpoint.send(ok('{"answer":1}', 'x-from-endpoint: yes', 'x-request-id: theirs', 'date: Thu, 01 Jan 1970 00:00:00 GMT'))
  await client.until('{"answer":1}')
  assert.deepEqual(client.text.split('\r\n\r\n')[0]!.split('\r\n'), [
    'HTTP/1.1 200 OK',
    'x-from-endpoint: yes',
    'date: Thu, 01 Jan 1970 00:00:00 GMT',
    'x-request-id: mine',
    `x-headgate-endpoint: 127.0.0.1:${rig.endpoint.port}`,
    'content-length: 12',
    'Connection: keep-alive',
    'Keep-Alive: timeout=75',
  ])
  assert.deepEqual(rig.tickets[0]!.events, ['sent 0', 'answered 0 200', 'first byte', 'bytes 12 last', 'end complete'])
  const [exchange] = rig.exchanges
  assert.deepEqual([exchange!.path, exchange!.method, exchange!.requestId], ['/v1/chat/completions', 'POST', 'mine'])
  assert.equal(exchange!.headers.get('x-gateway-destination-endpoint'), undefined)
  assert.equal(exchange!.headers.get('x-llm-d-inference-objective'), 'high')
})

test('an unusable request id is replaced towards both sides', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}', 'x-request-id: two words'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  const id = /x-request-id: (.*)\r\n/.exec(endpoint.text)![1]
  assert.match(id!, /^[0-9a-f-]{36}$/)
  endpoint.send(ok(''))
  await client.until(`x-request-id: ${id}\r\n`)
})

test('a status and body that are no success pass untouched', async () => {
  await using rig = await EdgeRig.start({ plan: { headers: { set: [] }, body: 'none' } })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send('HTTP/1.1 429 Too Many Requests', 'retry-after: 7', 'content-length: 4', '', 'busy')
  await client.until('busy')
  assert.match(client.text, /^HTTP\/1\.1 429 /)
  assert.match(client.text, /retry-after: 7\r\n/)
  assert.deepEqual(
    rig.tickets[0]!.events,
    ['sent 0', 'answered 0 429', 'first byte', 'end complete'],
    'a body that is not observed is not shown',
  )
})

test('the ticket may set fields of the answer, and the decision those of the request', async () => {
  const patch = { set: [['x-picked', 'a']] as const }
  await using rig = await EdgeRig.start({
    plan: { headers: { set: [['x-from-endpoint', 'changed']] }, body: 'observe' },
    route: (exchange, _, self) => self.forward(exchange, self.refs, patch),
  })
  using client = await rig.open()
  client.send(post('{}', 'x-picked: by the client'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  assert.equal(endpoint.text.match(/x-picked: /g)!.length, 1)
  assert.match(endpoint.text, /x-picked: a\r\n/)
  endpoint.send(ok('', 'x-from-endpoint: raw'))
  await client.until('x-from-endpoint: changed\r\n')
})

test('a rewritten body has no announced length', async () => {
  await using rig = await EdgeRig.start({ plan: { headers: { set: [] }, body: 'rewrite' } })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(ok('abc'))
  await client.until('\r\n0\r\n\r\n')
  assert.match(client.text, /Transfer-Encoding: chunked\r\n/)
  assert.doesNotMatch(client.text, /content-length/i)
})

test('a stream is seen by the client piece by piece, its head first, before the endpoint sends the next', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{"stream":true}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{"stream":true}')
  endpoint.send(SSE)
  await client.until('\r\n\r\n')
  for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n']) {
    endpoint.send(chunk(event))
    await client.until(event)
  }
  endpoint.send('0', '', '')
  await client.until('\r\n0\r\n\r\n')
  assert.equal(
    client.text.split('\r\n\r\n').slice(1).join('\r\n\r\n'),
    `${chunk('data: 1\n\n')}${chunk('data: 2\n\n')}${chunk('data: [DONE]\n\n')}0\r\n\r\n`,
  )
  assert.deepEqual(rig.tickets[0]!.events, [
    'sent 0',
    'answered 0 200',
    'first byte',
    'bytes 9',
    'bytes 9',
    'bytes 14',
    'bytes 0 last',
    'end complete',
  ])
})

test('requests on one connection follow each other, chunked bodies and pieces of any size included', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'transfer-encoding: chunked', '', '')
  for (const piece of ['2\r\n{"', '\r\n1\r\na\r\n5;ext=1\r\n":', '1}\n\r\n0\r\nTrailer: x\r\n', '\r\n']) {
    client.socket.write(piece)
    await setImmediate()
  }
  const endpoint = await rig.endpoint.next()
  await endpoint.until('content-length: 8\r\n\r\n{"a":1}\n')
  endpoint.send(ok('first'))
  await client.until('first')
  client.send(post(`${'x'.repeat(299_997)}END`))
  const second = await Promise.any([endpoint.until('END').then(() => endpoint), rig.endpoint.next()])
  await second.until('END')
  second.send(ok('second'))
  await client.until('second')
  assert.equal(rig.records.length, 2)
  assert.equal(rig.records[1]!.requestBytes, 300_000)
})

test('a client that stops reading stops the endpoint, and gets every byte once it reads on', async () => {
  await using rig = await EdgeRig.start()
  const total = 96 * 1024 * 1024
  const piece = Buffer.alloc(1024 * 1024, 97)
  using client = await rig.open()
  let read = 0
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  client.socket.removeAllListeners('data')
  client.socket.pause()
  endpoint.send('HTTP/1.1 200 OK', `content-length: ${total}`, '', '')
  let written = 0
  const fill = (): void => {
    while (written < total) {
      written += piece.length
      if (!endpoint.socket.write(piece)) return
    }
  }
  endpoint.socket.on('drain', fill)
  fill()
  // Stalled once a number of turns of the loop moved nothing.
  for (let turns = 0, before = -1; turns < 300; turns = written === before ? turns + 1 : 0) {
    before = written
    await setImmediate()
  }
  assert.ok(written < total / 2, `${written} bytes were taken from the endpoint for a client that reads none`)
  const done = new Promise<void>((resolve) => {
    client.socket.on('data', (data) => {
      read += data.length
      if (read >= total) resolve()
    })
  })
  client.socket.resume()
  await done
  assert.equal((await rig.record()).responseBytes, total)
})

test('a client that leaves before the answer ends the request at the endpoint', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  client.socket.destroy()
  await endpoint.closed
  assert.equal(await rig.tickets[0]!.ended, 'client-gone')
  assert.deepEqual(rig.tickets[0]!.events, ['sent 0', 'end client-gone'])
  const record = await rig.record()
  assert.deepEqual([record.status, record.cause, record.ttftMs], [0, 'client-gone', undefined])
})

test('a client that ends its side of the connection has left', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  client.socket.end()
  await endpoint.closed
  assert.equal(await rig.tickets[0]!.ended, 'client-gone')
})

test('the prompt is let go once the answer begins', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  assert.equal(rig.exchanges[0]!.body.length, 1)
  endpoint.send(SSE)
  await client.until('\r\n\r\n')
  assert.equal(rig.exchanges[0]!.body.length, 0)
})

test('a decision that cannot be carried out on the second endpoint is a 500', async () => {
  await using rig = await EdgeRig.start({
    route: (exchange, _, self) => {
      const decision = self.forward(exchange, [self.refs[1]!, self.refs[0]!])
      if (decision.kind !== 'forward') return decision
      const headersFor = (ref: EndpointRef): HeaderPatch => ({ set: ref === self.refs[0] ? [['x', 'a\nb']] : [] })
      return { ...decision, headersFor }
    },
  })
  rig.addEndpoint(await WireEndpoint.closedPort())
  using client = await rig.open()
  client.send(post('{}'))
  await client.until('"internal"')
  assert.match(client.text, /^HTTP\/1\.1 500 /)
  assert.equal(await rig.tickets[0]!.ended, 'unknown-end')
})

test('a client that leaves within a stream ends it at the endpoint', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(SSE + chunk('data: 1\n\n'))
  await client.until('data: 1')
  client.reset()
  await endpoint.closed
  assert.deepEqual(rig.tickets[0]!.events.slice(3), ['bytes 9', 'end client-gone'])
})

test('a client that leaves within its request body sends nothing to anybody', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 10', '', 'half')
  client.reset()
  assert.equal((await rig.record()).cause, 'client-gone')
  assert.equal(rig.exchanges.length, 0)
})

test('an endpoint that refuses the connection is walked past, once', async () => {
  const [closed, open] = [await WireEndpoint.closedPort(), await WireEndpoint.listen()]
  await using second = open
  await using rig = await EdgeRig.start({
    route: (exchange, edge, self) => {
      assert.equal(edge.fallbacks, 1)
      return self.forward(exchange, self.refs.slice(1))
    },
  })
  rig.addEndpoint(closed)
  rig.addEndpoint(second.port)
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await second.next()
  await endpoint.until('{}')
  endpoint.send(ok('found'))
  await client.until(`x-headgate-endpoint: 127.0.0.1:${second.port}`)
  assert.deepEqual(rig.tickets[0]!.events, ['sent 1', 'sent 2', 'answered 2 200', 'first byte', 'bytes 5 last', 'end complete'])
  assert.deepEqual(rig.unreachable, [rig.refs[1]])
})

test('two endpoints that refuse are enough', async () => {
  await using rig = await EdgeRig.start({ route: (exchange, _, self) => self.forward(exchange, [...self.refs.slice(1), self.refs[0]!]) })
  rig.addEndpoint(await WireEndpoint.closedPort())
  rig.addEndpoint(await WireEndpoint.closedPort())
  using client = await rig.open()
  client.send(post('{}'))
  await client.until('endpoint_unreachable')
  assert.match(client.text, /^HTTP\/1\.1 502 /)
  assert.match(client.text, /retry-after: 1\r\n/)
  assert.deepEqual(rig.tickets[0]!.events, ['sent 1', 'sent 2', 'end upstream-failed'])
  assert.equal(rig.endpoint.connectionCount, 0)
})

test('an endpoint that left the fleet since the decision is walked past', async () => {
  await using rig = await EdgeRig.start({
    route: (exchange, _, self) => {
      self.table.remove(self.refs[1]!)
      return self.forward(exchange, [self.refs[1]!, self.refs[0]!])
    },
  })
  rig.addEndpoint(1)
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(ok(''))
  assert.equal(await rig.tickets[0]!.ended, 'complete')
  assert.equal(rig.tickets[0]!.events[0], 'sent 0')
})

test('an endpoint that took the request and broke off is not asked again elsewhere', async () => {
  await using rig = await EdgeRig.start({ route: (exchange, _, self) => self.forward(exchange, [self.refs[0]!, self.refs[0]!]) })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.reset()
  await client.until('"endpoint_failed"')
  assert.match(client.text, /^HTTP\/1\.1 502 [^]*Connection: keep-alive/)
  assert.deepEqual(rig.tickets[0]!.events, ['sent 0', 'end upstream-failed'])
})

test('an endpoint that does not answer in time is a 504', async () => {
  await using rig = await EdgeRig.start({ upstream: { responseTimeoutMs: 50 } })
  using client = await rig.open()
  client.send(post('{}'))
  await client.until('"endpoint_timeout"')
  assert.match(client.text, /^HTTP\/1\.1 504 /)
  assert.equal(await rig.tickets[0]!.ended, 'timeout')
})

test('a stream that breaks off ends with an error event and without its last chunk', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}', 'x-request-id: r1'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(SSE + chunk('data: 1\n\ndata: {"ha'))
  await client.until('{"ha')
  endpoint.reset()
  const text = await client.rest()
  assert.match(
    text,
    /\n\ndata: \{"error":\{"message":"The endpoint .* broke off within its answer\.","type":"upstream_error","code":"endpoint_failed","param":null\}\}\n\n/,
  )
  assert.doesNotMatch(text, /\r\n0\r\n\r\n$/)
  assert.equal(await rig.tickets[0]!.ended, 'upstream-failed')
})

test('a stream of announced length that breaks off has nothing written into it', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send('HTTP/1.1 200 OK', 'content-type: text/event-stream', 'content-length: 1000', '', 'data: 1')
  await client.until('data: 1')
  endpoint.reset()
  assert.match(await client.rest(), /data: 1$/)
})

test('on the Anthropic path the error event has its shape', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}', 'x-request-id: r1').replace('chat/completions', 'messages'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(SSE + chunk('event: ping\n\n'))
  await client.until('ping')
  endpoint.reset()
  assert.match(await client.rest(), /\n\nevent: error\ndata: \{"type":"error","error":\{"type":"api_error",.*"request_id":"r1"\}\n\n/)
})

test('a JSON answer that breaks off is cut, and nothing is written into it', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send('HTTP/1.1 200 OK', 'content-type: application/json', 'content-length: 10', '', '{"a"')
  await client.until('{"a"')
  endpoint.reset()
  assert.match(await client.rest(), /\r\n\r\n\{"a"$/)
  assert.equal(await rig.tickets[0]!.ended, 'upstream-failed')
})

test('an evicted request gets its refusal if nothing was answered yet', async () => {
  let control: EdgeControl | undefined
  await using rig = await EdgeRig.start({
    route: (exchange, edge, self) => {
      control = edge
      return self.forward(exchange)
    },
  })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  control!.evict(new InferenceError('saturated', 'Something more important came.'))
  control!.evict(new InferenceError('saturated', 'Twice.'))
  await endpoint.closed
  await client.until('Something more important came.')
  assert.match(client.text, /^HTTP\/1\.1 429 [^]*x-llm-d-request-dropped-reason: rejected-saturated/)
  assert.deepEqual(rig.tickets[0]!.events, ['sent 0', 'end evicted'])
})

test('an evicted stream ends with an error event', async () => {
  let control: EdgeControl | undefined
  await using rig = await EdgeRig.start({
    route: (exchange, edge, self) => {
      control = edge
      return self.forward(exchange)
    },
  })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(SSE + chunk('data: 1\n\n'))
  await client.until('data: 1')
  control!.evict(new InferenceError('saturated', 'Something more important came.'))
  await endpoint.closed
  assert.match(await client.rest(), /data: \{"error":\{"message":"Something more important came\."/)
  assert.equal(rig.tickets[0]!.events.at(-1), 'end evicted')
})

test('a request that waits is forwarded when it is decided, and refused if that is the decision', async () => {
  const decide: ((decision: Decision) => void)[] = []
  await using rig = await EdgeRig.start({
    route: () => ({ decided: new Promise((resolve) => decide.push(resolve)), leave() {} }),
  })
  using client = await rig.open()
  client.send(post('first'))
  while (decide.length < 1) await setImmediate()
  decide[0]!(rig.forward(rig.exchanges[0]!))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('first')
  endpoint.send(ok('answer'))
  await client.until('answer')
  client.send(post('second'))
  while (decide.length < 2) await setImmediate()
  decide[1]!({ kind: 'refuse', error: new InferenceError('model_not_found', 'No such model.', { param: 'model' }) })
  await client.until(/HTTP\/1\.1 404 [^]*"param":"model"/)
  assert.equal(rig.records[1]!.cause, 'refused')
})

test('a client that leaves while it waits leaves the queue, and a decision that comes too late is given back', async () => {
  const left: string[] = []
  let decide: ((decision: Decision) => void) | undefined
  const queued: Queued = {
    decided: new Promise((resolve) => {
      decide = resolve
    }),
    leave: (cause) => left.push(cause),
  }
  await using rig = await EdgeRig.start({ route: () => queued })
  using client = await rig.open()
  client.send(post('{}'))
  while (rig.exchanges.length === 0) await setImmediate()
  client.reset()
  await rig.record()
  assert.deepEqual(left, ['client-gone'])
  decide!(rig.forward(rig.exchanges[0]!))
  assert.equal(await rig.tickets[0]!.ended, 'client-gone')
  assert.deepEqual(rig.tickets[0]!.events, ['end client-gone'])
  assert.equal(rig.endpoint.connectionCount, 0)
})

test('a router that throws, or a queue that fails, is a 500 that tells nothing of it, and a defect', async () => {
  const failures = [
    () => {
      throw new Error('secret')
    },
    () => ({ decided: Promise.reject(new Error('secret')), leave() {} }),
  ]
  for (const route of failures) {
    await using rig = await EdgeRig.start({ route })
    using client = await rig.open()
    client.send(post('{}'))
    await client.until('"internal"')
    assert.match(client.text, /^HTTP\/1\.1 500 /)
    assert.doesNotMatch(client.text, /secret/)
    assert.match(String(rig.defects[0]), /secret/)
  }
})

test('a ticket that throws within an answer cuts it and ends the request at the endpoint', async () => {
  await using rig = await EdgeRig.start({
    route: (exchange, _, self) => {
      const decision = self.forward(exchange)
      self.tickets[0]!.firstByte = () => {
        throw new Error('hook')
      }
      return decision
    },
  })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send(SSE + chunk('data: 1\n\n'))
  await endpoint.closed
  await client.rest()
  assert.equal(await rig.tickets[0]!.ended, 'unknown-end')
  assert.match(String(rig.defects[0]), /hook/)
})

/** Writes to the endpoint's side until nothing moves any more. */
async function fillUp(endpoint: Wire): Promise<void> {
  const piece = chunk('x'.repeat(100_000))
  for (let turns = 0; turns < 50; turns++) {
    while (endpoint.socket.write(piece)) turns = 0
    await setImmediate()
    if (endpoint.socket.writableLength === 0) turns = 0
  }
}

test('a client that takes nothing of its answer is cut after a while, and not one that takes some now and then', async () => {
  const clock = new VirtualClock()
  await using rig = await EdgeRig.start({ clock, limits: { writeTimeoutMs: 5_000 } })
  using client = await rig.open()
  client.send(post('{}'))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  client.socket.removeAllListeners('data')
  client.socket.pause()
  endpoint.send('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '')
  const sweep = (): void => clock.advanceTo(clock.nowMs() + 1_000)
  for (let second = 0; second < 8; second++) {
    await fillUp(endpoint)
    sweep()
    client.socket.resume()
    await once(endpoint.socket, 'drain')
    client.socket.pause()
  }
  assert.deepEqual(rig.records, [])
  await fillUp(endpoint)
  for (let second = 0; second < 7; second++) sweep()
  assert.equal(await rig.tickets[0]!.ended, 'client-gone')
})

test('one record for each request, with its numbers and without its content', async () => {
  const clock = new VirtualClock()
  await using rig = await EdgeRig.start({ clock })
  using client = await rig.open()
  client.send(post('{"secret":1}', 'x-request-id: r1').replace('completions ', 'completions?key=secret '))
  const endpoint = await rig.endpoint.next()
  await endpoint.until('secret')
  clock.advanceTo(40)
  endpoint.send('HTTP/1.1 200 OK', 'content-length: 4', '', 'ab')
  await client.until('ab')
  clock.advanceTo(100)
  endpoint.send('cd')
  assert.deepEqual(await rig.record(), {
    requestId: 'r1',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    endpoint: `127.0.0.1:${rig.endpoint.port}`,
    requestBytes: 12,
    responseBytes: 4,
    durationMs: 100,
    ttftMs: 40,
    cause: 'complete',
  })
})
