import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { EdgeRig, ok, post } from '#/edge/http/testing/edge-rig.ts'
import { Wire } from '#/edge/http/testing/wire.ts'
import { InferenceError } from '#/errors.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import type { LocalRoute } from '#/edge/http/routes.ts'

const models: LocalRoute = {
  path: '/v1/models',
  hasChildren: true,
  answer: (child, headers) => {
    if (child === 'missing') return new InferenceError('model_not_found', 'There is no such model.', { param: 'model' })
    if (child === 'broken') throw new Error('secret')
    return { status: 200, body: JSON.stringify({ child: child ?? null, agent: headers.get('user-agent') ?? null }) }
  },
}

/** A request without a body that is the last on its connection. */
function last(requestLine: string, ...fields: string[]): string {
  return [`${requestLine} HTTP/1.1`, 'host: test', 'connection: close', ...fields, '', ''].join('\r\n')
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

describe('paths and methods', () => {
  const cases: readonly [requestLine: string, status: number, pattern: RegExp][] = [
    ['GET /v1/models', 200, /\{"child":null,"agent":"t"\}$/],
    ['GET /v1/models/a%2Fb?x=1', 200, /\{"child":"a\/b","agent":"t"\}$/],
    ['GET /v1/models/missing', 404, /"code":"model_not_found","param":"model"/],
    ['GET /v1/models/broken', 500, /"code":"internal"/],
    ['HEAD /v1/models', 200, /content-length: 26\r\n[^]*\r\n\r\n$/],
    ['HEAD /v1/models/missing', 404, /\r\n\r\n$/],
    ['OPTIONS /v1/models', 204, /allow: GET, HEAD, OPTIONS\r\n[^]*\r\n\r\n$/],
    ['OPTIONS /v1/chat/completions', 204, /allow: POST, OPTIONS\r\n[^]*\r\n\r\n$/],
    ['OPTIONS *', 204, /allow: GET, HEAD, OPTIONS, POST\r\n/],
    ['GET *', 405, /method_not_allowed/],
    ['GET /v1/chat/completions', 405, /allow: POST, OPTIONS\r\n[^]*"code":"method_not_allowed"/],
    ['POST /v1/models', 405, /allow: GET, HEAD, OPTIONS\r\n/],
    ['TRACE /v1/models', 405, /allow: /],
    ['DELETE /nowhere', 404, /"code":"path_not_found"[^]*|There are \/v1\/chat\/completions, /],
    ['GET /v1/messages', 405, /\{"type":"error","error":\{"type":"invalid_request_error",/],
    ['GET /v1/models/%zz', 400, /malformed_http/],
    ['GET /v1/../v1/%6dodels', 200, /"child":null/],
    ['GET http://elsewhere/v1/models', 200, /"child":null/],
    ['CONNECT elsewhere:80', 405, /"code":"method_not_allowed"/],
  ]
  for (const [requestLine, status, pattern] of cases) {
    test(`${requestLine}: ${status}`, async () => {
      await using rig = await EdgeRig.start({ localRoutes: [models] })
      const text = await rig.talk(last(requestLine, 'user-agent: t'))
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(text, pattern)
      assert.match(text, /x-request-id: /)
      assert.equal(rig.exchanges.length, 0)
    })
  }

  test('the defect of a local route is told to the gateway and not to the client', async () => {
    await using rig = await EdgeRig.start({ localRoutes: [models] })
    assert.doesNotMatch(await rig.talk(last('GET /v1/models/broken')), /secret/)
    assert.match(String(rig.defects[0]), /secret/)
    assert.equal((await rig.record()).status, 500)
  })

  test('an offer to upgrade is passed over', async () => {
    await using rig = await EdgeRig.start({ localRoutes: [models] })
    const upgrade = ['GET /v1/models HTTP/1.1', 'host: a', 'connection: upgrade, close', 'upgrade: websocket', '', '']
    assert.match(await rig.talk(...upgrade), /^HTTP\/1\.1 200 /)
  })

  test('a refused request with a body leaves its connection usable', async () => {
    await using rig = await EdgeRig.start({ localRoutes: [models] })
    using client = await rig.open()
    client.send(post('x'.repeat(200_000)).replace('/v1/chat/completions', '/nowhere'))
    await client.until('path_not_found')
    const before = client.text.length
    client.send(last('GET /v1/models'))
    await client.until('"child":null', before)
  })
})

describe('limits', { concurrency: true }, () => {
  test('a body that is announced too large is refused before it is sent', async () => {
    await using rig = await EdgeRig.start({ limits: { maxBodyBytes: 10 } })
    using client = await rig.open()
    client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 11', 'expect: 100-continue', '', '')
    await client.until('"body_too_large"')
    assert.match(client.text, /^HTTP\/1\.1 413 [^]*Connection: close/)
  })

  test('a chunked body is refused as soon as it is too large, and the answer is not lost to a client that goes on sending', async () => {
    await using rig = await EdgeRig.start({ limits: { maxBodyBytes: 100_000 } })
    using client = await rig.open()
    client.send('POST /v1/messages HTTP/1.1', 'host: a', 'transfer-encoding: chunked', '', '')
    const piece = `8000\r\n${'x'.repeat(0x8000)}\r\n`
    for (let i = 0; i < 100; i++) client.socket.write(piece)
    client.socket.write('0\r\n\r\n')
    assert.match(await client.rest(), /^HTTP\/1\.1 413 [^]*\{"type":"error","error":\{"type":"request_too_large"/)
    assert.equal(await client.closed, 'closed')
    assert.equal((await rig.record()).cause, 'refused')
    assert.equal(rig.exchanges.length, 0)
  })

  test('a body at the limit passes', async () => {
    await using rig = await EdgeRig.start({ limits: { maxBodyBytes: 10 } })
    using client = await rig.open()
    client.send(post('0123456789'))
    const endpoint = await rig.endpoint.next()
    await endpoint.until('0123456789')
  })

  test('Expect is answered where the body is wanted', async () => {
    await using rig = await EdgeRig.start()
    using client = await rig.open()
    client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 2', 'expect: 100-continue', '', '')
    await client.until('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('{}')
    const endpoint = await rig.endpoint.next()
    await endpoint.until('{}')
    assert.doesNotMatch(endpoint.text, /expect/i)
    endpoint.send(ok('done'))
    await client.until('done')
  })

  test('Expect is not answered where the body is not wanted', async () => {
    await using rig = await EdgeRig.start()
    using client = await rig.open()
    client.send('POST /nowhere HTTP/1.1', 'host: a', 'content-length: 2', 'expect: 100-continue', '', '')
    await client.until('path_not_found')
    assert.doesNotMatch(client.text, /100 Continue/)
  })

  test('a head that is too large', async () => {
    await using rig = await EdgeRig.start({ limits: { maxHeaderBytes: 1000 } })
    const text = await rig.talk(last('GET /v1/models', `x: ${'y'.repeat(1000)}`))
    assert.match(text, /^HTTP\/1\.1 431 [^]*connection: close[^]*"code":"header_too_large"/)
  })

  test('a head that does not end', async () => {
    await using rig = await EdgeRig.start({ limits: { headerTimeoutMs: 30 } })
    const text = await rig.talk('GET /v1/models HTTP/1.1', 'host: a', '')
    assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_timeout"/)
  })

  test('a body that trickles for too long', async () => {
    await using rig = await EdgeRig.start({ limits: { headerTimeoutMs: 30, requestTimeoutMs: 30 } })
    const text = await rig.talk('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 10', '', 'half')
    assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_timeout"/)
    assert.equal(rig.exchanges.length, 0)
  })

  test('a body that stalls: the time runs anew with every piece', async () => {
    const clock = new VirtualClock()
    await using rig = await EdgeRig.start({ clock, limits: { bodyTimeoutMs: 10_000 } })
    using client = await rig.open()
    client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 10', 'expect: 100-continue', '', '')
    await client.until('100 Continue')
    clock.advanceTo(9_000)
    client.send('half')
    // The piece has been seen once the next request of another connection was answered.
    assert.match(await rig.talk(last('GET /nowhere')), /^HTTP\/1\.1 404/)
    clock.advanceTo(18_000)
    assert.equal(rig.records.length, 1)
    clock.advanceTo(21_000)
    await client.until('"request_timeout"')
    assert.match(client.text, /HTTP\/1\.1 408 [^]*Connection: close/)
    // It says no more: the connection goes a little later.
    clock.advanceTo(30_000)
    await client.closed
  })

  test('an idle connection is closed after a while', async () => {
    await using rig = await EdgeRig.start({ localRoutes: [models], limits: { keepAliveTimeoutMs: 1 } })
    using client = await rig.open()
    client.send('GET /v1/models HTTP/1.1', 'host: a', '', '')
    await client.until('"child"')
    await client.closed
  })

  test('one connection too many is closed', async () => {
    await using rig = await EdgeRig.start({ limits: { maxConnections: 1 } })
    using first = await rig.open()
    first.send(post('{}'))
    await rig.endpoint.next()
    using second = await rig.open()
    await second.closed
    assert.equal(second.text, '')
  })
})

describe('what two servers could read differently is refused', () => {
  const body = '0\r\n\r\n'
  const cases: readonly [what: string, lines: readonly string[]][] = [
    ['content-length and transfer-encoding', ['content-length: 5', 'transfer-encoding: chunked']],
    ['transfer-encoding and content-length', ['transfer-encoding: chunked', 'content-length: 5']],
    ['two lengths that differ', ['content-length: 5', 'content-length: 6']],
    ['two lengths that are equal', ['content-length: 5', 'content-length: 5']],
    ['a list of lengths', ['content-length: 5, 5']],
    ['a signed length', ['content-length: +5']],
    ['a hexadecimal length', ['content-length: 0x5']],
    ['a coding before chunked', ['transfer-encoding: gzip, chunked']],
    ['a coding after chunked', ['transfer-encoding: chunked, identity']],
    ['chunked twice', ['transfer-encoding: chunked', 'transfer-encoding: chunked']],
    ['a coding that looks like chunked', ['transfer-encoding: xchunked']],
    ['a coding with a control character', ['transfer-encoding: \x0bchunked']],
    ['a space before the colon', ['transfer-encoding : chunked']],
    ['a folded field', ['x: a', ' b: c', 'content-length: 5']],
    ['a folded coding', ['transfer-encoding:', ' chunked']],
    ['a bare line feed', ['x: a\ncontent-length: 5']],
    ['a bare carriage return', ['x: a\rb', 'content-length: 5']],
    ['a NUL', ['x: a\0b', 'content-length: 5']],
    ['a field without a name', [': a', 'content-length: 5']],
    ['a second host', ['host: b', 'content-length: 5']],
  ]
  for (const [what, lines] of cases) {
    test(what, async () => {
      await using rig = await EdgeRig.start()
      const text = await rig.talk('POST /v1/chat/completions HTTP/1.1', 'host: a', ...lines, '', body)
      assert.match(text, /^HTTP\/1\.1 400 /)
      assert.match(text, /connection: close/i)
      assert.equal(JSON.parse(bodyOf(text)).error.code, 'malformed_http')
      assert.equal(rig.exchanges.length, 0)
    })
  }

  for (const [what, bytes] of [
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n'],
    ['another version', 'GET /v1/models HTTP/2.0\r\nhost: a\r\n\r\n'],
    ['HTTP/0.9', 'GET /v1/models\r\n\r\n'],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['a control character in the path', 'GET /v1/\x01 HTTP/1.1\r\nhost: a\r\n\r\n'],
  ] as const) {
    test(what, async () => {
      await using rig = await EdgeRig.start()
      assert.match(await rig.talk(bytes), /^HTTP\/1\.1 400 [^]*"code":"malformed_http"/)
    })
  }

  for (const [what, bytes] of [
    ['a chunk size that is no number', 'zz\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that overflows', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than announced', '2\r\nabc\r\n0\r\n\r\n'],
    ['a chunk line that ends in a line feed', '3\nabc\r\n0\r\n\r\n'],
  ] as const) {
    test(what, async () => {
      await using rig = await EdgeRig.start()
      using client = await rig.open()
      client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'transfer-encoding: chunked', 'x-request-id: r1', '', bytes)
      await client.until('"malformed_http"')
      assert.match(client.text, /^HTTP\/1\.1 400 [^]*x-request-id: r1/)
      client.socket.end()
      await client.closed
      assert.equal(rig.exchanges.length, 0)
    })
  }

  test('what stands behind very many fields is seen too', async () => {
    await using rig = await EdgeRig.start()
    const many = Array.from({ length: 1_500 }, () => 'a: b')
    const text = await rig.talk('POST /v1/chat/completions HTTP/1.1', 'host: a', ...many, 'host: b', 'content-length: 0', '', '')
    assert.match(text, /^HTTP\/1\.1 400 [^]*more than one Host/)
  })

  for (const [what, first] of [
    ['no request', 'garbage\r\n\r\n'],
    ['a request that broke off', 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ] as const) {
    test(`a client that goes on after ${what} keeps its answer, and is cut after a while`, async () => {
      const clock = new VirtualClock()
      await using rig = await EdgeRig.start({ clock })
      using client = await Wire.open(rig.port, { allowHalfOpen: true })
      client.send(first)
      await once(client.socket, 'end')
      assert.match(client.text, /^HTTP\/1\.1 400 [^]*"malformed_http"/)
      for (let i = 0; i < 5; i++) {
        client.send('more\r\n\r\n')
        assert.match(await rig.talk(last('GET /nowhere')), /^HTTP\/1\.1 404/)
      }
      assert.equal(client.socket.closed, false)
      for (let nowMs = 0; nowMs <= 7_000; nowMs += 1_000) clock.advanceTo(nowMs)
      // A socket that has seen the end of the other side learns of the reset only by writing.
      while (!client.socket.closed) {
        client.send('more')
        await setTimeout(1)
      }
    })
  }

  test('a refused request whose body then is not HTTP is the last of its connection', async () => {
    await using rig = await EdgeRig.start({ clock: new VirtualClock() })
    using client = await rig.open()
    client.send('POST /nowhere HTTP/1.1', 'host: a', 'transfer-encoding: chunked', '', '')
    await client.until('path_not_found')
    client.send('garbage', '')
    assert.match(await client.rest(), /^HTTP\/1\.1 404 /)
  })

  test('a tunnel is refused and its connection closed', async () => {
    await using rig = await EdgeRig.start({ clock: new VirtualClock() })
    using client = await rig.open()
    client.send('CONNECT a:80 HTTP/1.1', 'host: a', '', 'tunnelled')
    assert.match(await client.rest(), /^HTTP\/1\.1 405 /)
  })

  test('a body that ends early is answered, if the client still listens, and not routed', async () => {
    await using rig = await EdgeRig.start()
    using client = await rig.open()
    client.send('POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-length: 10', '', 'half')
    client.socket.end()
    assert.match(await client.rest(), /^HTTP\/1\.1 400 /)
    assert.equal(rig.exchanges.length, 0)
  })

  test('garbage behind a request that is being answered ends the connection without a word into the answer', async () => {
    await using rig = await EdgeRig.start()
    using client = await rig.open()
    client.send(post('{}'))
    const endpoint = await rig.endpoint.next()
    await endpoint.until('{}')
    endpoint.send('HTTP/1.1 200 OK', 'content-length: 10', '', 'half')
    await client.until('half')
    client.send('garbage', '', '')
    assert.match(await client.rest(), /half$/)
    assert.equal(await rig.tickets[0]!.ended, 'client-gone')
  })
})

test('an HTTP/1.0 client gets a body that ends with its connection', async () => {
  await using rig = await EdgeRig.start()
  using client = await rig.open()
  client.send('POST /v1/chat/completions HTTP/1.0', 'content-length: 2', '', '{}')
  const endpoint = await rig.endpoint.next()
  await endpoint.until('{}')
  endpoint.send('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '3', 'abc', '0', '', '')
  const text = await client.rest()
  assert.doesNotMatch(text, /chunked/i)
  assert.equal(bodyOf(text), 'abc')
})

test('a port that is taken is named', async () => {
  await using rig = await EdgeRig.start()
  await assert.rejects(EdgeRig.start({ port: rig.port }), (error: NodeJS.ErrnoException) => {
    assert.equal(error.code, 'EADDRINUSE')
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${rig.port}`))
    return true
  })
})

describe('drain', () => {
  test('what is in flight ends, what comes is refused, and then everything is closed', async () => {
    await using rig = await EdgeRig.start()
    using busy = await rig.open()
    using idle = await rig.open()
    busy.send(post('{}'))
    const endpoint = await rig.endpoint.next()
    await endpoint.until('{}')
    idle.send(last('GET /nowhere').replace('connection: close', 'x: y'))
    await idle.until('path_not_found')
    const { port } = rig
    const drained = rig.edge.drain({ deadlineMs: 60_000 })
    await assert.rejects(Wire.open(port))
    const before = idle.text.length
    idle.send(post('{}'))
    await idle.until('shutting_down', before)
    assert.match(
      idle.text.slice(before),
      /^HTTP\/1\.1 503 [^]*retry-after: 1[^]*x-llm-d-request-dropped-reason: rejected-shutting-down[^]*Connection: close/,
    )
    endpoint.send(ok('finished'))
    await busy.until('finished')
    assert.match(busy.text, /Connection: close/)
    await drained
    await Promise.all([busy.closed, idle.closed])
    assert.equal(rig.tickets[0]!.events.at(-1), 'end complete')
  })

  test('a request that waits is refused at once', async () => {
    const left: string[] = []
    await using rig = await EdgeRig.start({ route: () => ({ decided: new Promise(() => {}), leave: (cause) => left.push(cause) }) })
    using client = await rig.open()
    client.send(post('{}'))
    while (rig.exchanges.length === 0) await setImmediate()
    await rig.edge.drain({ deadlineMs: 60_000 })
    assert.match(await client.rest(), /^HTTP\/1\.1 503 /)
    assert.deepEqual(left, ['shutdown'])
  })

  test('a connection in the middle of a head holds nothing up', async () => {
    await using rig = await EdgeRig.start({ clock: new VirtualClock() })
    using client = await rig.open()
    client.send('GET /v1/mod')
    // It has been seen once a later request of another connection was answered.
    assert.match(await rig.talk(last('GET /nowhere')), /^HTTP\/1\.1 404/)
    await rig.edge.drain({ deadlineMs: 60_000 })
    assert.equal(await client.rest(), '')
  })

  test('what takes longer than the deadline is cut', async () => {
    const clock = new VirtualClock()
    await using rig = await EdgeRig.start({ clock })
    using stream = await rig.open()
    using waiting = await rig.open()
    stream.send(post('{}'))
    const endpoint = await rig.endpoint.next()
    await endpoint.until('{}')
    endpoint.send('HTTP/1.1 200 OK', 'content-type: text/event-stream', 'transfer-encoding: chunked', '', '3', 'a\n\n', '')
    await stream.until('a\n\n')
    waiting.send(post('{}'))
    await (await rig.endpoint.next()).until('{}')
    const drained = rig.edge.drain({ deadlineMs: 5_000 })
    clock.advanceTo(4_900)
    await setImmediate()
    assert.equal(rig.records.length, 0)
    clock.advanceTo(5_000)
    await drained
    assert.match(await stream.rest(), /data: \{"error":.*"shutting_down"/)
    assert.match(await waiting.rest(), /^HTTP\/1\.1 503 /)
    assert.deepEqual(
      rig.tickets.map((ticket) => ticket.events.at(-1)),
      ['end evicted', 'end evicted'],
    )
  })

  test('disposing cuts at once, and a drain under way ends with it', async () => {
    const clock = new VirtualClock()
    const rig = await EdgeRig.start({ clock })
    using client = await rig.open()
    client.send(post('{}'))
    await (await rig.endpoint.next()).until('{}')
    const drained = rig.edge.drain({ deadlineMs: 60_000 })
    await rig[Symbol.asyncDispose]()
    await drained
    assert.equal(clock.nextTimerAtMs(), undefined)
    await client.closed
    assert.equal(rig.tickets[0]!.events.at(-1), 'end evicted')
  })
})
