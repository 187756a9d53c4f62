import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { fixedArrivals, traceArrivals } from '#/loadgen/arrivals.ts'
import type { LoadOptions } from '#/loadgen/load-options.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'
import { resolveLoadTarget } from '#/loadgen/load-target.ts'
import { runLoad } from '#/loadgen/run-load.ts'
import type { Workload } from '#/loadgen/workload.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, number: number) => void

/** Runs load against a server of its own. */
async function run(handler: Handler, options: Partial<LoadOptions>): Promise<LoadResult> {
  let count = 0
  const server = createServer((request, response) => {
    request.resume()
    response.on('error', () => {})
    request.on('end', () => handler(request, response, count++))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    return await runLoad({
      targets: [await resolveLoadTarget(`http://127.0.0.1:${address.port}`, false)],
      path: '/v1/completions',
      headers: [],
      stream: false,
      workload: endless(),
      shape: { loop: 'closed', inFlight: 4 },
      warmupMs: 0,
      durationMs: Infinity,
      drainMs: 5000,
      timeoutMs: 5000,
      maxRequests: 40,
      pids: new Map(),
      ...options,
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

function endless(): Workload {
  return { next: () => ({ bodyBytes: 2, write: (target, offset) => void target.write('{}', offset) }) }
}

const JSON_ANSWER =
  '{"choices":[{"text":"x"}],"usage":{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}}'

function answerJson(response: ServerResponse): void {
  response.setHeader('x-served-by', 'replica-1').end(JSON_ANSWER)
}

function answerStream(response: ServerResponse, events: readonly string[]): void {
  response.setHeader('content-type', 'text/event-stream')
  for (const event of events) response.write(`data: ${event}\n\n`)
  response.end()
}

const ROLE = '{"choices":[{"delta":{"role":"assistant","content":""}}]}'
const TOKEN = '{"choices":[{"delta":{"content":"tok"}}]}'

test('a closed loop keeps its number in flight and counts every answer', async () => {
  let open = 0
  let most = 0
  const result = await run(
    (_, response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        answerJson(response)
      })
    },
    { endpointHeader: 'X-Served-By' },
  )
  assert.deepEqual(result.requests, { sent: 40, ok: 40, failed: 0, incompleteStreams: 0, aborted: 0, unfinished: 0 })
  assert.equal(result.peakInFlight, 4)
  assert.ok(most <= 4)
  assert.deepEqual(result.usage, { promptTokens: 400, cachedTokens: 160, completionTokens: 120 })
  assert.deepEqual(result.endpoints, { 'replica-1': 40 })
  assert.equal(result.latencyMs.e2e?.count, 40)
  assert.ok(Math.abs(result.perSecond.answerBytes / result.perSecond.requests - JSON_ANSWER.length) < 1e-6)
})

test('requests carry method, path, host, headers and body', async () => {
  let seen: IncomingMessage | undefined
  await run(
    (request, response) => {
      seen = request
      answerJson(response)
    },
    { maxRequests: 1, headers: ['authorization: Bearer x'] },
  )
  assert.deepEqual(
    [seen?.method, seen?.url, seen?.headers['content-type'], seen?.headers['content-length']],
    ['POST', '/v1/completions', 'application/json', '2'],
  )
  assert.equal(seen?.headers.authorization, 'Bearer x')
  assert.match(seen?.headers.host ?? '', /^127\.0\.0\.1:\d+$/)
})

test('an open loop goes on while answers are withheld, and latency counts from the due time', async () => {
  const held: ServerResponse[] = []
  const result = await run(
    (_, response, number) => {
      held.push(response)
      // Nobody is answered before the last request is there.
      if (number === 19) for (const each of held) answerJson(each)
    },
    { shape: { loop: 'open', arrivals: fixedArrivals(200), maxInFlight: 100 }, maxRequests: 20 },
  )
  assert.equal(result.requests.ok, 20)
  assert.equal(result.peakInFlight, 20)
  // The first request was due 95 ms before the last one.
  assert.ok(result.latencyMs.e2e!.max >= 95)
})

test('beyond maxInFlight requests wait here, and the wait counts', async () => {
  let open = 0
  let most = 0
  const result = await run(
    (_, response) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        answerJson(response)
      }, 10)
    },
    { shape: { loop: 'open', arrivals: traceArrivals([0, 0, 0, 0, 0], 1), maxInFlight: 1 } },
  )
  assert.equal(most, 1)
  assert.equal(result.requests.ok, 5)
  assert.ok(result.latencyMs.e2e!.max >= 45)
  assert.ok(result.latencyMs.lateness!.max >= 35)
})

test('a stream is measured by its events: TTFT at the first text, gaps between texts', async () => {
  const result = await run(
    (_, response) =>
      answerStream(response, [ROLE, TOKEN, TOKEN, TOKEN, '{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}', '[DONE]']),
    { stream: true },
  )
  assert.equal(result.requests.ok, 40)
  assert.equal(result.latencyMs.itl?.count, 80)
  assert.equal(result.latencyMs.ttft?.count, 40)
  assert.ok(result.latencyMs.firstByte!.mean <= result.latencyMs.ttft.mean)
  assert.deepEqual(result.usage, { promptTokens: 280, cachedTokens: 0, completionTokens: 120 })
  assert.ok(Math.abs(result.perSecond.events / result.perSecond.requests - 6) < 1e-6)
})

test('every kind of failure is told apart and nothing of it counts as latency', async () => {
  const result = await run(
    (_, response, number) => {
      const kind = number % 6
      if (kind === 0) response.writeHead(503).end('{"error":{"message":"saturated"}}')
      else if (kind === 1) answerStream(response, [TOKEN])
      else if (kind === 2) answerStream(response, [TOKEN, '{"error":{"message":"engine died"}}'])
      else if (kind === 3) answerJson(response)
      else if (kind === 4) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(`data: ${TOKEN}\n\n`, () => response.destroy())
      } else answerStream(response, [TOKEN, '[DONE]'])
    },
    { stream: true, maxRequests: 60 },
  )
  assert.deepEqual(result.requests, { sent: 60, ok: 10, failed: 40, incompleteStreams: 10, aborted: 0, unfinished: 0 })
  assert.deepEqual(result.failures, { 'status 503': 10, 'error event': 10, 'not a stream': 10, cut: 10 })
  assert.equal(result.firstBadAnswer, '503: {"error":{"message":"saturated"}}')
  assert.equal(result.latencyMs.e2e?.count, 10)
})

test('a server that hangs is a timeout, one that is gone is refused', async () => {
  const hung = await run(() => {}, { maxRequests: 3, timeoutMs: 50 })
  assert.deepEqual(hung.failures, { timeout: 3 })
  const gone = await run(answerGone, { targets: [{ url: '', address: '127.0.0.1', port: await freePort(), authority: 'x', basePath: '' }] })
  assert.deepEqual(gone.failures, { refused: 40 })
})

function answerGone(): void {}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

test('aborted requests are cut off, and count apart', async () => {
  let closed = 0
  const result = await run(
    (_, response) => {
      response.on('close', () => closed++)
      response.flushHeaders()
    },
    { maxRequests: 5, abort: { share: 1, afterMs: 5, rng: createRng(1) } },
  )
  assert.deepEqual(result.requests, { sent: 5, ok: 0, failed: 0, incompleteStreams: 0, aborted: 5, unfinished: 0 })
  assert.equal(closed > 0, true)
})

test('an abort after the answer changes nothing', async () => {
  const result = await run((_, response) => answerJson(response), { maxRequests: 5, abort: { share: 1, afterMs: 2000, rng: createRng(1) } })
  assert.equal(result.requests.ok, 5)
})

test('the warm-up is not measured, the window ends by the clock, late answers are waited for', async () => {
  let count = 0
  const result = await run(
    (_, response) => {
      count++
      setTimeout(() => answerJson(response), 30)
    },
    { shape: { loop: 'open', arrivals: fixedArrivals(100), maxInFlight: 100 }, warmupMs: 95, durationMs: 200, maxRequests: Infinity },
  )
  assert.equal(result.requests.sent, 20)
  assert.equal(result.requests.ok, 20)
  assert.ok(count >= 30)
  assert.ok(result.windowSeconds >= 0.19)
})

test('what is not answered within the drain is unfinished', async () => {
  const result = await run(() => {}, { durationMs: 50, drainMs: 20, maxRequests: Infinity })
  assert.deepEqual(result.requests, { sent: 4, ok: 0, failed: 0, incompleteStreams: 0, aborted: 0, unfinished: 4 })
})

test('a workload that ends, ends the run', async () => {
  let left = 7
  const result = await run((_, response) => answerJson(response), { workload: { next: () => (left-- > 0 ? endless().next() : undefined) } })
  assert.equal(result.requests.ok, 7)
})

test('a run can be interrupted and still has a result', async () => {
  const controller = new AbortController()
  const result = await run(
    (_, response, number) => {
      if (number < 10) answerJson(response)
      else controller.abort()
    },
    { signal: controller.signal, maxRequests: Infinity },
  )
  assert.equal(result.interrupted, true)
  const { ok, unfinished, sent } = result.requests
  assert.ok(ok > 0 && ok <= 10 && unfinished > 0 && ok + unfinished === sent)
  const early = await run((_, response) => answerJson(response), { signal: AbortSignal.abort(), warmupMs: 1000 })
  assert.deepEqual([early.interrupted, early.windowSeconds, early.perSecond.requests], [true, 0, 0])
})

test('progress tells the phases and named processes are watched', async () => {
  const phases = new Set<string>()
  const result = await run((_, response) => setTimeout(() => answerJson(response), 5), {
    warmupMs: 250,
    durationMs: 250,
    maxRequests: Infinity,
    pids: new Map([
      ['self', process.pid],
      ['gone', 2 ** 31 - 1],
    ]),
    onProgress: (progress) => phases.add(progress.phase),
  })
  assert.deepEqual([...phases], ['warm-up', 'measuring'])
  assert.deepEqual(Object.keys(result.processes), ['self', 'gone', 'load'])
  assert.equal(result.processes['gone'], null)
})
