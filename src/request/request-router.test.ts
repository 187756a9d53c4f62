import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '#/errors.ts'
import { RouterRig, testGraph, testPool, testProfile } from '#/request/testing/router-rig.ts'
import { chatBody, testExchange } from '#/request/testing/test-exchange.ts'
import type { TestExchangeOptions } from '#/request/testing/test-exchange.ts'
import type { AttemptHooks, EndCause } from '#/sdk/attempt.ts'

const HEADERS = { get: () => undefined }
const CHUNK = Buffer.from('data: {}\n\n')

/** One pool with ready endpoints that serve `m`. */
function createRig(endpoints = 1, options: { readonly maxRequests?: number; readonly graph?: Parameters<typeof testPool>[1] } = {}) {
  const pool = testPool('default/p', options.graph)
  const rig = new RouterRig([pool], options.maxRequests)
  const members = Array.from({ length: endpoints }, (_, i) => rig.join(pool, `e${i}`, 'm'))
  return { rig, pool, members, refs: members.map((endpoint) => endpoint.ref) }
}

test('what cannot be parsed is refused with its code, counted, and takes no place', async () => {
  const { rig } = createRig()
  const cases: readonly [ErrorCode, TestExchangeOptions][] = [
    ['unsupported_media_type', { headers: { 'content-type': 'text/plain' } }],
    ['unsupported_media_type', { headers: { 'content-encoding': 'gzip' } }],
    ['malformed_json', { body: '{"model":"m","messages":[' }],
    ['invalid_encoding', { body: [Uint8Array.of(0x7b, 0xff, 0x7d)] }],
    ['nested_too_deeply', { body: `{"model":"m","messages":${'['.repeat(600)}${']'.repeat(600)}}` }],
    ['duplicate_key', { body: '{"model":"m","model":"n","messages":[]}' }],
    ['missing_model', { body: { messages: [] } }],
    ['invalid_value', { body: { model: 7, messages: [] } }],
  ]
  for (const [code, options] of cases) rig.refuse(testExchange(options), code)
  rig.assertIdle()
  assert.deepEqual(rig.defects, [])
  const page = await rig.metrics.expose()
  assert.match(page, /llm_d_epp_request_error_total\{model_name="other",.*error_code="unsupported_media_type"\} 2/)
  for (const code of ['malformed_json', 'duplicate_key']) assert.match(page, new RegExp(`error_code="${code}"\\} 1\\n`))
  assert.doesNotMatch(page, /llm_d_epp_request_total\{/)
})

test('a decision: the pick, the body as it came, the request id; a place is held until the ticket ends', () => {
  const { rig, pool, refs } = createRig(3)
  const exchange = testExchange({ requestId: 'abc', body: [Buffer.from('{"model":"m",'), Buffer.from('"messages":[]}')] })
  const decision = rig.forward(exchange)
  assert.equal(decision.pool, pool)
  assert.deepEqual(decision.endpoints, [refs[0]])
  assert.deepEqual(decision.legs, [])
  assert.equal(decision.body.parts, exchange.body)
  assert.equal(decision.body.lengthBytes, exchange.bodyBytes)
  assert.deepEqual(decision.headersFor(refs[0]!), { set: [['x-request-id', 'abc']] })
  assert.deepEqual(rig.scheduled, [0])
  assert.equal(rig.limit.inFlight, 1)
  decision.ticket.sent(refs[0]!)
  assert.equal(rig.open.size, 1)
  decision.ticket.end('complete')
  rig.assertIdle()
})

test('fallbacks follow the pick in the order of the ranking, as many as the edge can walk to', () => {
  const graph = { profiles: new Map([['default', testProfile('default', { isReversed: true })]]) }
  const { rig, refs } = createRig(4, { graph })
  const endpointsWith = (fallbacks: number) => rig.forward(testExchange(), { fallbacks, evict() {} }).endpoints
  assert.deepEqual(endpointsWith(0), [refs[3]])
  assert.deepEqual(endpointsWith(2), [refs[3], refs[2], refs[1]])
  assert.deepEqual(endpointsWith(9), refs.toReversed())
})

test('legs come with the decision, and the ticket counts them from the first send to their own moment', () => {
  const { rig, pool, refs } = createRig(2)
  pool.graph = testGraph({
    profiles: new Map([
      ['decode', testProfile('decode')],
      ['prefill', testProfile('prefill', { isReversed: true })],
    ]),
    handler: {
      next: (_request, results) => ['decode', 'prefill'][results.length],
      finish: (_request, results) => ({ main: results[0]!, legs: [{ result: results[1]!, release: 'first-byte' }] }),
    },
  })
  const { endpoints, legs, ticket } = rig.forward(testExchange())
  assert.deepEqual(endpoints, [refs[0]])
  assert.deepEqual(legs, [{ profile: 'prefill', endpoint: refs[1], release: 'first-byte' }])
  ticket.sent(refs[0]!)
  assert.deepEqual(
    [...rig.open].map(({ slot }) => slot),
    [0, 1],
  )
  ticket.answered(refs[0]!, 200, HEADERS)
  ticket.firstByte()
  assert.deepEqual(
    [...rig.open].map(({ slot }) => slot),
    [0],
  )
  ticket.end('complete')
  rig.assertIdle()
})

test("the data plane's subset: an address, or a host with all its ports; nobody in it is a 503", () => {
  const { rig, refs } = createRig(3)
  assert.deepEqual(rig.forward(testExchange({ subsetHint: ['e1:8000'] })).endpoints, [refs[1]])
  assert.deepEqual(rig.forward(testExchange({ subsetHint: ['nobody:1', 'e2'] })).endpoints, [refs[2]])
  const error = rig.refuse(testExchange({ subsetHint: ['e1:8001'] }), 'no_endpoints')
  assert.match(error.message, /data plane allows/)
})

test('several pools: the hint decides, else who lists the model, else who may serve anything', () => {
  const [a, b, open] = [testPool('default/a'), testPool('default/b'), testPool('default/open')]
  const rig = new RouterRig([open, a, b])
  rig.join(open, 'o')
  rig.join(a, 'a0', 'm')
  rig.join(b, 'b0', 'm', 'n')
  const poolOf = (model: string, poolHint?: string) =>
    rig.forward(testExchange({ body: chatBody(model, 'x'), ...(poolHint === undefined ? {} : { poolHint }) })).pool
  assert.equal(poolOf('m'), a)
  assert.equal(poolOf('m', 'default/b'), b)
  assert.equal(poolOf('n'), b)
  assert.equal(poolOf('nobody-lists-this'), open)
  const error = rig.refuse(testExchange({ poolHint: 'default/c' }), 'no_endpoints')
  assert.equal(error.message, 'There is no pool default/c.')
})

test('no endpoint: 503 that says when to come back, with the state of each endpoint in words', () => {
  const { rig, pool, members } = createRig(7)
  for (const [i, { ref }] of members.entries()) rig.table.setReadiness(ref, i === 1 ? 'unknown' : 'down', 'refused')
  const error = rig.refuse(testExchange(), 'no_endpoints')
  assert.equal(
    error.message,
    'No endpoint of pool default/p is ready for this model: e0:8000 down, e1:8000 unknown, e2:8000 down, e3:8000 down, e4:8000 down, and 2 more.',
  )
  assert.equal(error.retryAfterSeconds, 1)
  assert.equal(error.definition.droppedReason, 'rejected-no-endpoints')
  pool.slots = new Uint16Array(0)
  assert.equal(rig.refuse(testExchange(), 'no_endpoints').message, 'Pool default/p has no endpoints.')
  rig.assertIdle()
})

test('where nobody is ready nobody can be asked: a name that nobody lists is no_endpoints too, at once', () => {
  const { rig, members } = createRig(1)
  rig.table.setReadiness(members[0]!.ref, 'down')
  assert.match(rig.refuse(testExchange({ body: chatBody('other', 'x') }), 'no_endpoints').message, /e0:8000 down/)
  assert.deepEqual(rig.models.asked, [])
})

test('endpoints that serve the model are down and others are ready: 503, not 404', () => {
  const { rig, pool, members } = createRig(1)
  rig.join(pool, 'other', 'n')
  rig.table.setReadiness(members[0]!.ref, 'down')
  assert.match(rig.refuse(testExchange(), 'no_endpoints').message, /e0:8000 down, other:8000 ready/)
})

test('filters that leave nobody: 429 that says when to come back', () => {
  const filter = { name: 'none', plugin: { keep: (_request: unknown, candidates: { count: number }) => void (candidates.count = 0) } }
  const { rig } = createRig(2, { graph: { profiles: new Map([['default', testProfile('default', { filters: [filter] })]]) } })
  const error = rig.refuse(testExchange(), 'saturated')
  assert.equal(error.definition.status, 429)
  assert.equal(error.retryAfterSeconds, 1)
  assert.match(error.message, /none of its 2 candidates/)
  assert.deepEqual(rig.scheduled, [-1])
  rig.assertIdle()
})

test('one request more than the limit: 429 that says when to come back, until one ends', () => {
  const { rig, refs } = createRig(1, { maxRequests: 2 })
  const first = rig.forward(testExchange())
  rig.forward(testExchange())
  const error = rig.refuse(testExchange(), 'too_many_requests')
  assert.equal(error.definition.status, 429)
  assert.equal(error.retryAfterSeconds, 1)
  first.ticket.sent(refs[0]!)
  first.ticket.end('complete')
  first.ticket.end('client-gone')
  rig.forward(testExchange())
  rig.refuse(testExchange(), 'too_many_requests')
})

test('every way in which a request can end gives its place back once', () => {
  const { rig, refs } = createRig(2, { maxRequests: 1 })
  const causes: readonly EndCause[] = ['complete', 'client-gone', 'upstream-failed', 'evicted', 'timeout', 'unknown-end']
  for (const cause of causes) {
    for (const isSent of [false, true]) {
      const { ticket } = rig.forward(testExchange())
      if (isSent) ticket.sent(refs[1]!)
      ticket.end(cause)
      ticket.end(cause)
      rig.assertIdle()
    }
  }
})

test('a gateway that drains refuses with a reason of its own, and lets go on what is in flight', () => {
  const { rig, refs } = createRig()
  const { ticket } = rig.forward(testExchange())
  rig.limit.drain()
  const error = rig.refuse(testExchange(), 'shutting_down')
  assert.equal(error.definition.droppedReason, 'rejected-shutting-down')
  ticket.sent(refs[0]!)
  assert.equal(ticket.answered(refs[0]!, 200, HEADERS).body, 'observe')
  ticket.end('complete')
  rig.assertIdle()
})

test('a defect in a scheduling plugin is an internal error, logged once, told to nobody outside, and takes no place', () => {
  const { rig, pool } = createRig(1, { maxRequests: 1 })
  const { graph } = pool
  const broken = testProfile('default', {
    filters: [
      {
        name: 'broken',
        plugin: {
          keep() {
            throw new TypeError('secret detail')
          },
        },
      },
    ],
  })
  pool.graph = testGraph({ profiles: new Map([['default', broken]]) })
  for (let i = 0; i < 3; i++) {
    const error = rig.refuse(testExchange({ requestId: `r${i}` }), 'internal')
    assert.doesNotMatch(error.message, /secret/)
    assert.ok(error.cause instanceof TypeError)
  }
  assert.deepEqual(rig.defects, ['r0: secret detail', 'r1: secret detail', 'r2: secret detail'])
  rig.assertIdle()
  pool.graph = graph
  rig.forward(testExchange())
})

test('a producer that fails does not fail the request, which goes on without what was found for another', () => {
  const prefixMatch = { totalBlocks: 9, blockTokens: 64, blocks: Uint32Array.of(9), weight: Float32Array.of(1) }
  const produce = (): never => {
    throw new Error('no prefix today')
  }
  const { rig, refs } = createRig(1, { graph: { prefixMatch, producers: [{ name: 'broken', plugin: { produce } }] } })
  const { ticket } = rig.forward(testExchange())
  assert.deepEqual(rig.defects, ['req-1: no prefix today'])
  ticket.sent(refs[0]!)
  const [attempt] = rig.open
  assert.equal(attempt!.totalBlocks, 0)
  assert.equal(attempt!.uncachedTokens, attempt!.request.inputTokens)
})

test('hooks that throw keep nobody from counting, and no place from being given back', () => {
  const moments = ['attemptSent', 'attemptFirstByte', 'attemptChunk', 'attemptEnded'] as const
  for (const moment of moments) {
    const broken: AttemptHooks = {
      [moment]() {
        throw new Error(moment)
      },
    }
    const { rig, refs } = createRig(2, { graph: { hooks: [broken] } })
    const { ticket } = rig.forward(testExchange())
    ticket.sent(refs[0]!)
    assert.equal(rig.open.size, 1, 'the observers behind it are told')
    ticket.answered(refs[0]!, 200, HEADERS)
    ticket.firstByte()
    let passed = 0
    ticket.bytes(CHUNK, false, (chunk) => (passed += chunk.length))
    assert.equal(passed, CHUNK.length)
    ticket.end('complete')
    assert.deepEqual(rig.defects, [`req-1: ${moment}`])
    rig.assertIdle()
  }
})

test('requests in flight stay with the graph that they were made with', () => {
  const seen: string[] = []
  const graphNamed = (name: string) =>
    testGraph({ hooks: [{ attemptSent: () => void seen.push(`${name} sent`), attemptEnded: () => void seen.push(`${name} ended`) }] })
  const { rig, pool, refs } = createRig()
  pool.graph = graphNamed('old')
  const old = rig.forward(testExchange()).ticket
  pool.graph = graphNamed('new')
  const fresh = rig.forward(testExchange()).ticket
  old.sent(refs[0]!)
  fresh.sent(refs[0]!)
  old.end('complete')
  fresh.end('complete')
  assert.deepEqual(seen, ['old sent', 'new sent', 'old ended', 'new ended'])
})

const UNKNOWN = testExchange({ body: chatBody('demo-modle', 'x') })

test('an unknown model waits until everybody was asked: then 404 with the nearest names', async () => {
  const { rig, pool } = createRig()
  rig.join(pool, 'e1', 'demo-model', 'demo-modal')
  const queued = rig.wait(UNKNOWN)
  assert.deepEqual(rig.models.asked, [{ model: 'demo-modle', slots: [0, 1] }])
  rig.models.answer('unknown')
  const decision = await queued.decided
  assert.ok(decision.kind === 'refuse')
  assert.equal(decision.error.code, 'model_not_found')
  assert.equal(decision.error.param, 'model')
  assert.match(decision.error.message, /`demo-modle` does not exist\. Nearest: demo-modal, demo-model, m\./)
  rig.assertIdle()
  assert.match(await rig.metrics.expose(), /error_code="model_not_found"\} 1\n/)
})

test('a model that turns up while the request waits is served', async () => {
  const { rig, members } = createRig(2)
  const queued = rig.wait(UNKNOWN)
  rig.models.set(members[1]!.slot, ['m', 'demo-modle'])
  rig.models.answer('found')
  const decision = await queued.decided
  assert.ok(decision.kind === 'forward')
  assert.deepEqual(decision.endpoints, [members[1]!.ref])
  assert.equal(rig.limit.inFlight, 1)
  decision.ticket.end('complete')
  rig.assertIdle()
})

test('an unknown model that not everybody could be asked for: 503 that says when to come back', async () => {
  const { rig } = createRig()
  const queued = rig.wait(UNKNOWN)
  rig.models.answer('unreadable')
  const decision = await queued.decided
  assert.ok(decision.kind === 'refuse')
  assert.equal(decision.error.code, 'models_unavailable')
  assert.equal(decision.error.definition.status, 503)
  assert.equal(decision.error.retryAfterSeconds, 1)
  rig.assertIdle()
})

test('everybody leaves while a request waits: the answer is that nobody is ready', async () => {
  const { rig, members } = createRig()
  const queued = rig.wait(UNKNOWN)
  rig.table.setReadiness(members[0]!.ref, 'down')
  rig.models.answer('unreadable')
  const decision = await queued.decided
  assert.ok(decision.kind === 'refuse')
  assert.equal(decision.error.code, 'no_endpoints')
  rig.assertIdle()
})

test('who joins while a request waits is asked too', async () => {
  const { rig, pool } = createRig()
  const queued = rig.wait(UNKNOWN)
  const late = rig.join(pool, 'late', 'n')
  rig.models.answer('unknown')
  await Promise.resolve()
  assert.deepEqual(
    rig.models.asked.map(({ slots }) => slots),
    [[0], [0, late.slot]],
  )
  rig.models.set(late.slot, ['demo-modle'])
  rig.models.answer('found')
  const decision = await queued.decided
  assert.equal(decision.kind, 'forward')
})

test('with a hint only the pool of the hint is asked, and what others serve does not count', async () => {
  const [a, b] = [testPool('default/a'), testPool('default/b')]
  const rig = new RouterRig([a, b])
  const inA = rig.join(a, 'a0', 'm')
  rig.join(b, 'b0', 'n')
  const queued = rig.wait(testExchange({ body: chatBody('n', 'x'), poolHint: 'default/a' }))
  assert.deepEqual(rig.models.asked, [{ model: 'n', slots: [inA.slot] }])
  rig.models.answer('unknown')
  const decision = await queued.decided
  assert.ok(decision.kind === 'refuse')
  assert.equal(decision.error.code, 'model_not_found')
  assert.doesNotMatch(decision.error.message, /Nearest: n/)
})

test('requests that wait are in flight: they count towards the limit and give their place back when they leave', async () => {
  const { rig } = createRig(1, { maxRequests: 1 })
  const queued = rig.wait(UNKNOWN)
  rig.refuse(UNKNOWN, 'too_many_requests')
  queued.leave('client-gone')
  assert.equal(rig.limit.inFlight, 0)
  const other = rig.forward(testExchange())
  rig.models.answer('unknown')
  assert.equal((await queued.decided).kind, 'refuse')
  assert.equal(rig.limit.inFlight, 1)
  other.ticket.end('complete')
  rig.assertIdle()
  assert.doesNotMatch(await rig.metrics.expose(), /model_not_found/, 'nobody was told')
})

test('who leaves once the decision was taken leaves its ticket to the edge', async () => {
  const { rig, members } = createRig(1)
  const queued = rig.wait(UNKNOWN)
  rig.models.set(members[0]!.slot, ['demo-modle'])
  rig.models.answer('found')
  const decision = await queued.decided
  queued.leave('client-gone')
  assert.equal(rig.limit.inFlight, 1)
  assert.ok(decision.kind === 'forward')
  decision.ticket.end('client-gone')
  rig.assertIdle()
})

test('a gateway that drains takes nothing more, whoever has waited', async () => {
  const { rig } = createRig()
  rig.limit.drain()
  rig.refuse(UNKNOWN, 'shutting_down')
  assert.deepEqual(rig.models.asked, [])
  rig.assertIdle()
})
