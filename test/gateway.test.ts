/** The embedded gateway over real sockets, all of it and the model servers in this process: what operators and clients meet, good and bad. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { createServer } from 'node:http'
import { after, before, describe, it } from 'node:test'
import type { FleetView } from '#/admin/fleet-view.ts'
import { startGateway } from '#/app/gateway.ts'
import type { Gateway } from '#/app/gateway.ts'
import { DEFAULT_GATEWAY_OPTIONS } from '#/app/gateway-options.ts'
import type { GatewayOptions } from '#/app/gateway-options.ts'
import { StartError } from '#/app/start-error.ts'
import { Wire } from '#/edge/http/testing/wire.ts'
import { atSpeed } from '#/sim/engine/engine-config.ts'
import { ENGINE_PRESETS } from '#/sim/engine/presets.ts'
import { NO_FAULTS } from '#/sim/http/faults.ts'
import type { ReplicaServer } from '#/sim/http/replica-server.ts'
import { startSimulators } from '#/sim/replica-fleet.ts'
import type { RunningSimulators, SimulatorOptions } from '#/sim/replica-fleet.ts'
import { createLogger } from '#/telemetry/logger.ts'
import { eventually } from './suite-support/eventually.ts'

const MODEL = 'test-model'
const CHAT = '/v1/chat/completions'
const JSON_TYPE = { 'content-type': 'application/json' }
const SILENT = createLogger({ level: 'silent', format: 'json' })
const LONG_PROMPT = 'A long shared beginning. '.repeat(200)

function startServers(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulators> {
  return startSimulators({ replicas: 2, port: 0, models: [MODEL], engine: atSpeed(ENGINE_PRESETS.fast.config, 5), ...options })
}

function start(urls: readonly string[], options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return startGateway({ ...DEFAULT_GATEWAY_OPTIONS, urls, port: 0, adminPort: 0, maxEndpoints: 64, ...options }, SILENT)
}

async function startReady(urls: readonly string[], options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await start(urls, options)
  await untilReady(gateway, urls.length)
  return gateway
}

/** Until so many endpoints are ready and have told what they serve. */
async function untilReady(gateway: Gateway, count: number): Promise<void> {
  const isReady = (): boolean =>
    gateway.viewFleet().endpoints.filter(({ readiness, models }) => readiness === 'ready' && models.length > 0).length === count
  await eventually(`${count} endpoints are ready`, isReady)
}

function chat(gateway: Gateway, content: string, extra: object = {}, init: RequestInit = {}): Promise<Response> {
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content }], max_tokens: 4, ...extra })
  return fetch(`${gateway.url}${CHAT}`, { method: 'POST', headers: JSON_TYPE, body, ...init })
}

const addressOf = ({ port }: ReplicaServer): string => `127.0.0.1:${port}`
const endpointOf = (response: Response): string | null => response.headers.get('x-headgate-endpoint')
const stateOf = (gateway: Gateway, replica: ReplicaServer) =>
  gateway.viewFleet().endpoints.find(({ address }) => address === addressOf(replica))!

interface OpenAiError {
  readonly error: { readonly message: string; readonly type: string; readonly code: string; readonly param: string | null }
}

interface AnthropicError {
  readonly type: string
  readonly error: { readonly type: string; readonly message: string }
  readonly request_id: string
}

/** The body, checked to be an error of exactly the shape that OpenAI's own clients read. */
async function openAiError(response: Response): Promise<OpenAiError['error']> {
  const body: OpenAiError = JSON.parse(await response.text())
  assert.deepEqual(Object.keys(body), ['error'])
  assert.deepEqual(Object.keys(body.error), ['message', 'type', 'code', 'param'])
  assert.ok(response.headers.get('x-request-id'))
  return body.error
}

async function askAdmin(gateway: Gateway, path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${gateway.adminUrl}${path}`)
  return { status: response.status, body: await response.text() }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

describe('a gateway in front of two servers', () => {
  let servers: RunningSimulators
  let gateway: Gateway

  before(async () => {
    servers = await startServers({ adapters: ['team/sql', 'passing'], adapterReplicas: 1 })
    gateway = await startReady(servers.urls)
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await servers[Symbol.asyncDispose]()
  })

  it('answers with what an endpoint said, and names it', async () => {
    const response = await chat(gateway, 'hello', {}, { headers: { ...JSON_TYPE, 'x-request-id': 'mine-1' } })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('x-request-id'), 'mine-1')
    assert.equal(endpointOf(response), `127.0.0.1:${response.headers.get('x-sim-replica')}`)
    const answer: { usage: { completion_tokens: number } } = JSON.parse(await response.text())
    assert.equal(answer.usage.completion_tokens, 4)
  })

  it('sends a model that one server has to that one', async () => {
    for (let i = 0; i < 6; i++) {
      const response = await chat(gateway, `question ${i}`, { model: 'team/sql' })
      assert.equal(endpointOf(response), addressOf(servers.replicas[0]!), await response.text())
    }
  })

  it('keeps equal prefixes together over real sockets', async () => {
    const responses = await Promise.all(Array.from({ length: 12 }, (_, i) => chat(gateway, `${LONG_PROMPT}${i}`, { stream: i % 2 === 0 })))
    await Promise.all(responses.map((response) => response.text()))
    assert.equal(new Set(responses.map(endpointOf)).size, 1)
  })

  it('is alive and ready, and shows the fleet with the age of its numbers', async () => {
    assert.deepEqual(await askAdmin(gateway, '/livez'), { status: 200, body: '{"status":"ok"}\n' })
    assert.deepEqual(await askAdmin(gateway, '/readyz'), { status: 200, body: '{"ready":true,"reasons":[]}\n' })
    const fleet: FleetView = JSON.parse((await askAdmin(gateway, '/api/fleet')).body)
    assert.deepEqual(
      fleet.endpoints.map(({ address }) => address),
      servers.replicas.map(addressOf),
    )
    for (const { scraped, scrape } of fleet.endpoints) {
      for (const { ageMs } of Object.values(scraped)) assert.ok(ageMs !== null && ageMs >= 0 && ageMs < 10_000)
      assert.equal(scraped.cacheBlockSize.value, 16)
      assert.deepEqual([scrape.isStale, scrape.lastError], [false, null])
    }
    assert.deepEqual(
      fleet.endpoints.map(({ models }) => models),
      [['passing', 'team/sql', MODEL], [MODEL]],
    )
  })

  it('tells in its metrics what passed, and that nothing is left running', async () => {
    await (await chat(gateway, 'measure me', { stream: true, stream_options: { include_usage: true } })).text()
    await eventually('the answer is counted', () => gateway.inFlight === 0)
    const { body } = await askAdmin(gateway, '/metrics')
    const labels = `model_name="${MODEL}",target_model_name="${MODEL}",fairness_id="default-flow",priority="0"`
    assert.ok(body.includes(`llm_d_epp_request_running{${labels}} 0\n`))
    assert.ok(body.includes('llm_d_epp_ready_endpoints{name="default/default"} 2\n'))
    const series = [
      `llm_d_epp_request_total{${labels}}`,
      `llm_d_epp_request_duration_seconds_count{${labels}}`,
      `llm_d_epp_request_ttft_seconds_count{${labels},streaming="true"}`,
      `llm_d_epp_request_streaming_itl_seconds_count{${labels}}`,
      `llm_d_epp_request_output_tokens_sum{${labels}}`,
      'llm_d_epp_scheduler_e2e_duration_seconds_count',
      'llm_d_epp_prefix_indexer_size',
      'headgate_scrape_duration_seconds_count',
      'process_cpu_seconds_total',
    ]
    for (const each of series) assert.match(body, new RegExp(`^${each.replaceAll(/[{}]/g, '\\$&')} (?!0$)`, 'm'))
    for (const replica of servers.replicas) {
      const name = `endpoint_name="${addressOf(replica)}",namespace="default"`
      assert.ok(body.includes(`headgate_endpoint_inflight_requests{${name}} 0\n`))
    }
  })

  it('answers HEAD and OPTIONS by itself', async () => {
    const head = await fetch(`${gateway.url}/v1/models`, { method: 'HEAD' })
    const get = await fetch(`${gateway.url}/v1/models`)
    assert.equal(head.status, 200)
    assert.equal(await head.text(), '')
    assert.equal(head.headers.get('content-length'), String((await get.arrayBuffer()).byteLength))
    const options = await fetch(`${gateway.url}${CHAT}`, { method: 'OPTIONS' })
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'POST, OPTIONS'])
    const wrong = await fetch(`${gateway.url}${CHAT}`)
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST, OPTIONS'])
    assert.equal((await openAiError(wrong)).code, 'method_not_allowed')
    const headOfChat = await fetch(`${gateway.url}${CHAT}`, { method: 'HEAD' })
    assert.deepEqual([headOfChat.status, await headOfChat.text()], [405, ''])
  })

  it('does not know a model that nobody serves, and does know one that was loaded a moment ago', async () => {
    const unknown = await chat(gateway, 'x', { model: 'test-modell' })
    assert.equal(unknown.status, 404)
    const error = await openAiError(unknown)
    assert.deepEqual([error.code, error.param], ['model_not_found', 'model'])
    assert.match(error.message, /Nearest: test-model/)
    const [, second] = servers.replicas
    const adapter = JSON.stringify({ lora_name: 'fresh', lora_path: '/fresh' })
    assert.equal((await fetch(`${second!.url}/v1/load_lora_adapter`, { method: 'POST', headers: JSON_TYPE, body: adapter })).status, 200)
    const fresh = await chat(gateway, 'x', { model: 'fresh' })
    assert.equal(fresh.status, 200, await fresh.text())
    assert.equal(endpointOf(fresh), addressOf(second!))
  })

  it('reads a list anew when a server denies a model that it listed', async () => {
    const [first] = servers.replicas
    assert.equal((await chat(gateway, 'x', { model: 'passing' })).status, 200)
    const adapter = JSON.stringify({ lora_name: 'passing' })
    await fetch(`${first!.url}/v1/unload_lora_adapter`, { method: 'POST', headers: JSON_TYPE, body: adapter })
    const denied = await chat(gateway, 'x', { model: 'passing' })
    assert.deepEqual([denied.status, endpointOf(denied)], [404, addressOf(first!)], "the answer is the server's")
    // Long before the next regular reading.
    await eventually('it is listed no longer', () => !stateOf(gateway, first!).models.includes('passing'))
  })

  it('lets go of everything when a client leaves within a stream', async () => {
    const leaving = new AbortController()
    const response = await chat(gateway, 'endless', { stream: true, ignore_eos: true, max_tokens: 20_000 }, { signal: leaving.signal })
    await response.body!.getReader().read()
    assert.equal(gateway.inFlight, 1)
    leaving.abort()
    await eventually('the engines have nothing to do', () => servers.replicas.every(({ engine }) => engine.runningCount === 0))
    await eventually('nothing is in flight', () => gateway.inFlight === 0)
    for (const { inflight } of gateway.viewFleet().endpoints) assert.deepEqual(inflight, { requests: 0, promptTokens: 0, outputTokens: 0 })
  })

  const HOSTILE: readonly {
    readonly what: string
    readonly status: number
    readonly code: string
    readonly body: string | Buffer
    readonly type?: string
  }[] = [
    { what: 'a body that stops in the middle', status: 400, code: 'malformed_json', body: `{"model":"${MODEL}","messages":[{"role":"us` },
    { what: 'an empty body', status: 400, code: 'malformed_json', body: '' },
    { what: 'an array', status: 400, code: 'malformed_json', body: '[1]' },
    { what: 'a second value behind the object', status: 400, code: 'malformed_json', body: `{"model":"${MODEL}","messages":[]}{}` },
    { what: 'a raw NUL', status: 400, code: 'malformed_json', body: `{"model":"${MODEL}","messages":["a\0b"]}` },
    { what: 'a NUL between tokens', status: 400, code: 'malformed_json', body: `{"model":\0"${MODEL}","messages":[]}` },
    {
      what: 'invalid UTF-8',
      status: 400,
      code: 'invalid_encoding',
      body: Buffer.from([...Buffer.from(`{"model":"${MODEL}","messages":["`), 0xc3, 0x28, ...Buffer.from('"]}')]),
    },
    {
      what: 'an overlong slash',
      status: 400,
      code: 'invalid_encoding',
      body: Buffer.from([...Buffer.from(`{"model":"${MODEL}","messages":["`), 0xc0, 0xaf, ...Buffer.from('"]}')]),
    },
    {
      what: 'nesting of 10,000 levels',
      status: 400,
      code: 'nested_too_deeply',
      body: `{"model":"${MODEL}","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    },
    { what: 'nesting of 10,000 objects that never closes', status: 400, code: 'nested_too_deeply', body: '{"a":'.repeat(10_000) },
    { what: 'two models', status: 400, code: 'duplicate_key', body: `{"model":"${MODEL}","messages":[],"model":"other"}` },
    {
      what: 'a second model under an escaped name',
      status: 400,
      code: 'duplicate_key',
      body: `{"model":"${MODEL}","messages":[],"mod\\u0065l":"other"}`,
    },
    { what: 'no model but in __proto__', status: 400, code: 'missing_model', body: `{"__proto__":{"model":"${MODEL}"},"messages":[]}` },
    { what: 'a model that is an object', status: 400, code: 'invalid_value', body: '{"model":{"toString":1},"messages":[]}' },
    { what: 'a model of a megabyte', status: 400, code: 'invalid_value', body: `{"model":"${'m'.repeat(1 << 20)}","messages":[]}` },
    { what: 'messages that are no list', status: 400, code: 'invalid_value', body: `{"model":"${MODEL}","messages":"hello"}` },
    { what: 'a form', status: 415, code: 'unsupported_media_type', body: 'model=x', type: 'application/x-www-form-urlencoded' },
    { what: 'JSON that says to be text', status: 415, code: 'unsupported_media_type', body: '{}', type: 'text/plain' },
  ]

  for (const { what, status, code, body, type = 'application/json' } of HOSTILE) {
    it(`refuses ${what} in the shape of the API, and goes on`, async () => {
      const send = (path: string) => fetch(`${gateway.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body })
      const openAi = await send(CHAT)
      assert.equal(openAi.status, status)
      assert.equal((await openAiError(openAi)).code, code)
      const anthropic = await send('/v1/messages')
      assert.equal(anthropic.status, status)
      const error: AnthropicError = JSON.parse(await anthropic.text())
      assert.deepEqual(Object.keys(error), ['type', 'error', 'request_id'])
      assert.deepEqual([error.type, error.error.type], ['error', 'invalid_request_error'])
      assert.equal(error.request_id, anthropic.headers.get('x-request-id'))
      const next = await chat(gateway, 'still there?')
      assert.equal(next.status, 200)
      await next.text()
      await eventually('nothing is in flight', () => gateway.inFlight === 0)
    })
  }

  it('refuses a body that ends before its length, and goes on', async () => {
    using client = await Wire.open(portOf(gateway.url))
    client.send(`POST ${CHAT} HTTP/1.1`, 'host: x', 'content-type: application/json', 'content-length: 500', '', '{"model":')
    client.socket.end()
    const answer = await client.rest()
    assert.match(answer, /^HTTP\/1\.1 400 /)
    assert.match(answer, /\r\nx-request-id: \S+\r\n/i)
    assert.match(answer, /"code":"malformed_http"/)
    assert.equal((await chat(gateway, 'still there?')).status, 200)
  })

  it('survives a client that resets within its body', async () => {
    using client = await Wire.open(portOf(gateway.url))
    client.send(`POST ${CHAT} HTTP/1.1`, 'host: x', 'content-type: application/json', 'content-length: 500', '', '{"model":')
    client.reset()
    await client.closed
    assert.equal((await chat(gateway, 'still there?')).status, 200)
    await eventually('nothing is in flight', () => gateway.inFlight === 0)
  })
})

/** A model server that keeps what it is sent, byte for byte, and idle connections for as long as the client does. */
async function startRecorder(model = MODEL) {
  const bodies: Buffer[] = []
  const heads: NodeJS.Dict<string | string[]>[] = []
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      const isList = request.url === '/v1/models'
      response.writeHead(isList ? 200 : 404).end(isList ? JSON.stringify({ object: 'list', data: [{ id: model }] }) : '')
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks))
      heads.push(request.headers)
      response.writeHead(200, JSON_TYPE).end('{ "odd" :  "spacing" }')
    })
  })
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    bodies,
    heads,
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('what passes', () => {
  const FAITHFUL: Readonly<Record<string, string>> = {
    'an escaped key': `{"mod\\u0065l":"${MODEL}","messages":[]}`,
    'an escaped name of the model': `{"model":"test\\u002dmodel","messages":[]}`,
    '__proto__, constructor and the like': `{"__proto__":{"x":1},"constructor":null,"model":"${MODEL}","messages":[{"__proto__":[]}]}`,
    'an escaped NUL and a lone surrogate': `{"model":"${MODEL}","messages":["a\\u0000b\\ud800"]}`,
    'numbers that no double holds': `{"model":"${MODEL}","messages":[12345678901234567890,1e999,-0,1.10]}`,
    'white space and line ends': ` \r\n\t{ "model" : "${MODEL}" ,\n"messages" : [ ] } \n`,
    'doubled keys that nobody here reads': `{"model":"${MODEL}","seed":1,"seed":2,"messages":[{"a":1,"a":2}]}`,
    'characters of four bytes': `{"model":"${MODEL}","messages":["\u{1f680}\u{10ffff}"],"\u{1f680}":1}`,
    'nesting of 500 levels': `{"model":"${MODEL}","messages":${'['.repeat(500)}${']'.repeat(500)}}`,
  }

  it('is passed as it came, and so is the answer', async () => {
    await using recorder = await startRecorder()
    await using gateway = await startReady([recorder.url])
    for (const [what, body] of Object.entries(FAITHFUL)) {
      const response = await fetch(`${gateway.url}${CHAT}?trace=1`, { method: 'POST', headers: JSON_TYPE, body })
      assert.equal(await response.text(), '{ "odd" :  "spacing" }', what)
      assert.deepEqual(recorder.bodies.pop(), Buffer.from(body), what)
    }
    // In chunks, cut within characters and escapes.
    const bytes = Buffer.from(FAITHFUL['characters of four bytes']!)
    using client = await Wire.open(portOf(gateway.url))
    client.send(`POST ${CHAT} HTTP/1.1`, 'host: x', 'content-type: application/json', 'transfer-encoding: chunked', '', '')
    for (const byte of bytes) client.socket.write(Buffer.from(`1\r\n${String.fromCharCode(byte)}\r\n`, 'latin1'))
    client.send('0', '', '')
    await client.until('"spacing" }')
    assert.deepEqual(recorder.bodies.pop(), bytes)
  })

  it('has no field of the gateway itself that a client made up', async () => {
    await using recorder = await startRecorder()
    await using gateway = await startReady([recorder.url])
    const headers = { ...JSON_TYPE, 'x-gateway-destination-endpoint': '10.0.0.1:1', 'x-prefiller-host-port': '10.0.0.1:1', 'x-own': 'kept' }
    const response = await chat(gateway, 'x', {}, { headers })
    assert.equal(endpointOf(response), new URL(recorder.url).host)
    await response.text()
    const [head] = recorder.heads
    assert.equal(head!['x-own'], 'kept')
    assert.ok(!('x-gateway-destination-endpoint' in head!) && !('x-prefiller-host-port' in head!))
    assert.equal(head!['x-request-id'], response.headers.get('x-request-id'))
  })

  it("is an endpoint's own error, untouched", async () => {
    await using servers = await startServers({ replicas: 1, faults: { ...NO_FAULTS, errorRate: 1 } })
    await using gateway = await startReady(servers.urls)
    for (const path of [CHAT, '/v1/messages']) {
      const body = JSON.stringify({ model: MODEL, max_tokens: 4, messages: [{ role: 'user', content: 'x' }] })
      const send = (url: string) => fetch(`${url}${path}`, { method: 'POST', headers: JSON_TYPE, body })
      const [direct, passed] = await Promise.all([send(servers.urls[0]!), send(gateway.url)])
      assert.equal(passed.status, 500)
      assert.equal(await passed.text(), await direct.text())
      assert.equal(passed.headers.get('content-type'), direct.headers.get('content-type'))
      assert.equal(endpointOf(passed), addressOf(servers.replicas[0]!))
    }
    await eventually('nothing is in flight', () => gateway.inFlight === 0)
    const [endpoint] = gateway.viewFleet().endpoints
    assert.deepEqual([endpoint!.totals.failed, endpoint!.totals.completed, endpoint!.prefixBlocks], [2, 0, 0])
    assert.match((await askAdmin(gateway, '/metrics')).body, /error_code="http_500"\} 2\n/)
  })

  it('is no more than the limit of requests', async () => {
    await using servers = await startServers({ replicas: 1 })
    await using gateway = await startReady(servers.urls, { maxRequests: 1 })
    const leaving = new AbortController()
    const stream = await chat(gateway, 'endless', { stream: true, ignore_eos: true, max_tokens: 20_000 }, { signal: leaving.signal })
    await stream.body!.getReader().read()
    const refused = await chat(gateway, 'one too many')
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    assert.equal(refused.headers.get('x-llm-d-request-dropped-reason'), 'rejected-saturated')
    assert.equal((await openAiError(refused)).code, 'too_many_requests')
    leaving.abort()
    await eventually('the place is free', () => gateway.inFlight === 0)
    assert.equal((await chat(gateway, 'now')).status, 200)
  })
})

describe('servers that are not there', () => {
  it('with none the gateway is up and not ready, says why, and so do its refusals', async () => {
    await using servers = await startServers({ replicas: 1 })
    const [replica] = servers.replicas
    await replica!.stop()
    await using gateway = await start(servers.urls)
    await eventually('it was found to be down', () => stateOf(gateway, replica!).readiness === 'down')
    const { status, body } = await askAdmin(gateway, '/readyz')
    assert.equal(status, 503)
    assert.match(body, new RegExp(`no ready endpoint: ${addressOf(replica!)} down \\(.*refused`, 'i'))
    assert.equal((await askAdmin(gateway, '/livez')).status, 200)
    const refused = await chat(gateway, 'x')
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1'])
    const error = await openAiError(refused)
    assert.equal(error.code, 'no_endpoints')
    assert.match(error.message, new RegExp(`${addressOf(replica!)} down`))
    const messages = JSON.stringify({ model: MODEL, max_tokens: 1, messages: [] })
    const anthropic = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers: JSON_TYPE, body: messages })
    const overloaded: AnthropicError = JSON.parse(await anthropic.text())
    assert.equal(overloaded.error.type, 'overloaded_error')

    await replica!.start()
    await untilReady(gateway, 1)
    assert.equal((await askAdmin(gateway, '/readyz')).status, 200)
    assert.equal((await chat(gateway, 'x')).status, 200)
  })

  it('one that is down at the start joins when it comes', async () => {
    await using servers = await startServers()
    const [early, late] = servers.replicas
    await late!.stop()
    await using gateway = await start(servers.urls)
    await untilReady(gateway, 1)
    assert.equal(endpointOf(await chat(gateway, 'early')), addressOf(early!))
    assert.match(stateOf(gateway, late!).reason!, /refused/i)
    await late!.start()
    await untilReady(gateway, 2)
    const isUsed = async (): Promise<boolean> => endpointOf(await chat(gateway, `${Math.random()} of its own`)) === addressOf(late!)
    await eventually('it is used', isUsed)
  })

  it('one that is killed is survived: its next request goes to another, its cache is forgotten', async () => {
    await using servers = await startServers()
    await using gateway = await startReady(servers.urls)
    const home = endpointOf(await chat(gateway, LONG_PROMPT))
    assert.equal(endpointOf(await chat(gateway, LONG_PROMPT)), home)
    const doomed = servers.replicas.find((replica) => addressOf(replica) === home)!
    const other = servers.replicas.find((replica) => replica !== doomed)!
    await doomed.stop()
    const responses = await Promise.all(Array.from({ length: 5 }, () => chat(gateway, LONG_PROMPT)))
    for (const response of responses) {
      assert.equal(response.status, 200, await response.text())
      assert.equal(endpointOf(response), addressOf(other))
    }
    await eventually('it is shown as down', () => stateOf(gateway, doomed).readiness === 'down')
    await doomed.restart()
    await untilReady(gateway, 2)
    await eventually('its cache is forgotten', () => stateOf(gateway, doomed).prefixBlocks === 0)
    assert.equal(endpointOf(await chat(gateway, LONG_PROMPT)), addressOf(other))
  })

  it('all of them killed: a clean error, once no connection can be made', async () => {
    await using servers = await startServers()
    await using gateway = await startReady(servers.urls)
    await Promise.all(servers.replicas.map((replica) => replica.stop()))
    const refused = await chat(gateway, 'x')
    const error = await openAiError(refused)
    assert.ok(refused.status === 502 || refused.status === 503, String(refused.status))
    assert.ok(error.code === 'endpoint_unreachable' || error.code === 'no_endpoints', error.code)
    assert.equal(gateway.inFlight, 0)
  })
})

describe('the end', () => {
  it('a drain refuses what is new, and lets a stream finish', async () => {
    await using servers = await startServers({ replicas: 1 })
    await using gateway = await startReady(servers.urls)
    using idle = await Wire.open(portOf(gateway.url))
    idle.send('GET /v1/models HTTP/1.1', 'host: x', '', '')
    await idle.until('test-model')
    const stream = await chat(gateway, 'a stream', { stream: true, ignore_eos: true, max_tokens: 300 })
    const from = idle.text.length
    const drained = gateway.drain()
    assert.match((await askAdmin(gateway, '/readyz')).body, /"ready":false.*draining/)
    const body = JSON.stringify({ model: MODEL, messages: [] })
    idle.send(`POST ${CHAT} HTTP/1.1`, 'host: x', 'content-type: application/json', `content-length: ${body.length}`, '', body)
    const refusal = await idle.until('shutting_down', from)
    assert.match(refusal.slice(from), /^HTTP\/1\.1 503 /)
    assert.match(refusal.slice(from), /\r\nretry-after: 1\r\n/)
    await assert.rejects(fetch(`${gateway.url}/v1/models`), 'no connection more is accepted')
    const text = await stream.text()
    assert.match(text, /data: \[DONE\]\n\n$/)
    assert.equal(text.split('"content":"').length - 1, 301)
    await drained
    assert.equal(gateway.inFlight, 0)
  })

  it('a drain is bounded: what takes longer is cut where the client can see it, and the engine is told', async () => {
    await using servers = await startServers({ replicas: 1 })
    await using gateway = await startReady(servers.urls, { drainTimeoutMs: 50 })
    const stream = await chat(gateway, 'endless', { stream: true, ignore_eos: true, max_tokens: 20_000 })
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
    await reader.read()
    await gateway.drain()
    let text = ''
    await assert.rejects(async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value
    }, 'the stream is not whole')
    assert.match(text, /data: \{"error":\{.*"code":"shutting_down"/)
    await eventually('the engine has nothing to do', () => servers.replicas[0]!.engine.runningCount === 0)
    assert.equal(gateway.inFlight, 0)
  })
})

/** Types of what keeps this process alive beyond what did so before. */
function watchResources(): () => string[] {
  const before = countByType()
  return () =>
    [...countByType()].flatMap(([type, count]) => Array.from({ length: Math.max(0, count - (before.get(type) ?? 0)) }, () => type))
}

function countByType(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}

/** Timers that were made since and have neither fired nor been cleared, those included that let the process end. */
function watchTimers(): Disposable & { readonly alive: ReadonlySet<number> } {
  const alive = new Set<number>()
  const hook = createHook({
    init(id, type) {
      if (type === 'Timeout') alive.add(id)
    },
    destroy: (id) => void alive.delete(id),
  }).enable()
  return { alive, [Symbol.dispose]: () => void hook.disable() }
}

describe('the start', () => {
  const failureOf = async (starting: Promise<Gateway>): Promise<StartError> => {
    const outcome = await starting.catch((error: unknown) => error)
    assert.ok(outcome instanceof StartError, String(outcome))
    return outcome
  }

  for (const [field, flag] of [
    ['port', '--port'],
    ['adminPort', '--admin-port'],
  ] as const) {
    it(`with a port that is taken fails with its number and ${flag}, and leaves nothing running`, async () => {
      await using servers = await startServers()
      await using first = await startReady(servers.urls)
      const taken = portOf(field === 'port' ? first.url : first.adminUrl)
      const leftResources = watchResources()
      using timers = watchTimers()
      const error = await failureOf(start(['http://127.0.0.1:1', 'http://127.0.0.1:2'], { [field]: taken }))
      assert.equal(error.message, `port ${taken} on 127.0.0.1 is taken; choose another one with ${flag}`)
      // The first gateway goes on scraping: its timers come and go.
      await first[Symbol.asyncDispose]()
      await servers[Symbol.asyncDispose]()
      await eventually(`nothing is left, not even ${leftResources().join(' ')}`, () => leftResources().length === 0)
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(timers.alive.size, 0, 'timers')
    })
  }

  it('with servers that cannot be fails with a reason', async () => {
    assert.match((await failureOf(start(['localhost:8000']))).message, /http:\/\/localhost:8000/)
    assert.match((await failureOf(start(['http://a:1', 'http://a:1']))).message, /twice/)
    const many = await failureOf(start(['http://127.0.0.1:1', 'http://127.0.0.1:2'], { maxEndpoints: 1 }))
    assert.match(many.message, /maxEndpoints/)
    assert.match((await failureOf(start([], { host: '203.0.113.7' }))).message, /203\.0\.113\.7 is no address of this machine; .*--host/)
  })

  it('and the end leave nothing behind, whatever went on between', async () => {
    await using servers = await startServers()
    await using recorder = await startRecorder('recorded')
    const leftResources = watchResources()
    using timers = watchTimers()
    {
      // So that an idle connection outlives the patience of the wait below.
      const upstream = { ...DEFAULT_GATEWAY_OPTIONS.upstream, keepAliveTimeoutMs: 60_000 }
      await using gateway = await startReady([...servers.urls, recorder.url], { upstream })
      // Node's own client would leave timers and connections of its own.
      using client = await Wire.open(portOf(gateway.url))
      using admin = await Wire.open(portOf(gateway.adminUrl))
      admin.send('GET /metrics HTTP/1.1', 'host: x', '', '')
      await admin.until('process_cpu_seconds_total')
      const request = (extra: object): string => {
        const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'x' }], ...extra })
        return [`POST ${CHAT} HTTP/1.1`, 'host: x', 'content-type: application/json', `content-length: ${body.length}`, '', body].join(
          '\r\n',
        )
      }
      client.send(request({ stream: true, ignore_eos: true, max_tokens: 20_000 }))
      await client.until('data: ')
      // Leaves an idle connection to the server behind.
      using other = await Wire.open(portOf(gateway.url))
      other.send(request({ model: 'recorded' }))
      await other.until('"spacing"')
    }
    await eventually('no socket is left', () => leftResources().length === 0)
    // The upstream's client lets its clock run for a second; one timer is that of this very wait.
    await eventually('no timer is left', () => timers.alive.size <= 1)
  })
})
