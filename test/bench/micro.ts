/**
 * What the request path costs without any socket, as a Markdown table: microseconds an operation, medians over batches.
 *   node --conditions=headgate-source test/bench/micro.ts
 */
import { createRoutingCore, type RoutingCore } from '#/app/routing-core.ts'
import type { InferenceError } from '#/errors.ts'
import { systemClock } from '#/lib/clock.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { createRng } from '#/lib/rng.ts'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'
import { groupedWorkload } from '#/loadgen/grouped-workload.ts'
import { PromptText } from '#/loadgen/prompt-text.ts'
import { RequestTemplate } from '#/loadgen/request-template.ts'
import { collectCandidates } from '#/request/candidates/collect-candidates.ts'
import type { Exchange } from '#/request/exchange.ts'
import { findApiRoute } from '#/request/parse/api-routes.ts'
import { parseRequest } from '#/request/parse/parse-request.ts'
import { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { ModelDirectory } from '#/request/request-router.ts'
import { createScheduler } from '#/request/schedule/scheduler.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import { kvCacheUtilization, waitingQueueSize } from '#/sdk/keys.ts'

const MAX_ENDPOINTS = 2048
const PATH = '/v1/chat/completions'
const BATCHES = 21
const BATCH_MS = 20
const WARMUP_MS = 500
const READ_BYTES = 65_536

/** One model that every endpoint serves. */
const MODELS: ModelDirectory = {
  idOf: () => 0,
  serves: () => true,
  isOpen: () => true,
  confirmUnknown: () => Promise.resolve('found'),
  list: () => [{ id: 'bench-model' }],
}

function createCore(endpoints: number): RoutingCore {
  const core = createRoutingCore({
    clock: systemClock,
    profile: 'default',
    maxEndpoints: MAX_ENDPOINTS,
    maxRequests: 1000,
    prefixIndexBytes: 64 * 2 ** 20,
    seed: 1,
    createModels: () => MODELS,
    observers: [],
    failed(_exchange, cause) {
      throw cause
    },
  })
  const rng = createRng(1)
  const waiting = core.columns.column(waitingQueueSize)
  const utilization = core.columns.column(kvCacheUtilization)
  for (let i = 0; i < endpoints; i++) {
    const endpoint = core.table.add({
      namespace: 'default',
      name: `e${i}`,
      scheme: 'http',
      host: '127.0.0.1',
      port: 20_000 + i,
      labels: {},
    })
    core.table.setReadiness(endpoint.ref, 'ready')
    waiting.values[endpoint.slot] = rng.below(8)
    utilization.values[endpoint.slot] = rng.next()
    waiting.updatedAtMs[endpoint.slot] = utilization.updatedAtMs[endpoint.slot] = systemClock.nowMs()
  }
  return core
}

/** A chat completion as it comes off a socket: in reads of 64 KB. */
function createExchange(bodyBytes: number): Exchange {
  const template = new RequestTemplate({ api: 'chat', model: 'bench-model', stream: true })
  const request = groupedWorkload({
    template,
    text: new PromptText(1),
    rng: createRng(1),
    bodyBytes,
    maxTokens: 32,
    groups: 1,
    sharedBytes: bodyBytes >> 1,
  }).next()
  const whole = Buffer.alloc(bodyBytes)
  request?.write(whole, 0)
  const body: Buffer[] = []
  for (let at = 0; at < bodyBytes; at += READ_BYTES) body.push(Buffer.from(whole.subarray(at, at + READ_BYTES)))
  return {
    requestId: 'bench',
    receivedAtMs: 0,
    method: 'POST',
    path: PATH,
    headers: { get: (name) => (name === 'content-type' ? 'application/json' : undefined) },
    body,
    bodyBytes,
  }
}

function createParser(): (exchange: Exchange) => PromptRequest {
  const route = findApiRoute(PATH)!
  const scanner = new JsonScanner()
  const hasher = new BlockHasher()
  return (exchange) => new PromptRequest(exchange, parseRequest(exchange, route, scanner), hasher)
}

/** Steps 4 to 6 for a request whose prompt is hashed already. */
function scheduling(endpoints: number): () => void {
  const core = createCore(endpoints)
  const { graph, slots } = core.pool
  const request = createParser()(createExchange(1000))
  const candidates: Candidates = { slots: new Uint16Array(MAX_ENDPOINTS), count: 0 }
  const scheduler = createScheduler(MAX_ENDPOINTS, () => {})
  learnOnTenth(core, request)
  return () => {
    collectCandidates(slots, core.table, MODELS, 0, undefined, candidates)
    for (const { plugin } of graph.producers) plugin.produce?.(request, candidates)
    if (scheduler.schedule(graph, request, candidates, 2) === undefined) throw new Error('nobody was picked')
  }
}

/** Steps 1 and 5 for a prompt that a tenth of the endpoints holds. */
function matching(endpoints: number, bodyBytes: number): () => void {
  const core = createCore(endpoints)
  const parse = createParser()
  const exchange = createExchange(bodyBytes)
  const candidates: Candidates = { slots: core.pool.slots, count: core.pool.slots.length }
  learnOnTenth(core, parse(exchange))
  return () => {
    const request = parse(exchange)
    for (const { plugin } of core.pool.graph.producers) plugin.produce?.(request, candidates)
    if (core.pool.graph.prefixMatch?.totalBlocks === 0) throw new Error('nothing was matched')
  }
}

function learnOnTenth(core: RoutingCore, request: PromptRequest): void {
  const { graph, slots } = core.pool
  const candidates: Candidates = { slots, count: slots.length }
  for (const { plugin } of graph.producers) plugin.produce?.(request, candidates)
  const blockBytes = (graph.prefixMatch?.blockTokens ?? 0) * 4
  for (const slot of slots) if (slot % 10 === 0) core.index.learn(request.prefixChain(blockBytes), slot)
}

/** Steps 1 to 8 of a request that is answered at once. */
function wholePath(endpoints: number): () => void {
  const core = createCore(endpoints)
  const exchange = createExchange(1000)
  const evict = (error: InferenceError): void => {
    throw error
  }
  const answer = Buffer.from('{"choices":[],"usage":{"prompt_tokens":250,"completion_tokens":32}}')
  return () => {
    const decision = core.router.route(exchange, { fallbacks: 1, evict })
    if (!('kind' in decision) || decision.kind === 'refuse') throw new Error('the request was not routed')
    const { ticket, endpoints } = decision
    ticket.sent(endpoints[0]!)
    ticket.answered(endpoints[0]!, 200, exchange.headers)
    ticket.firstByte()
    ticket.bytes(answer, true, () => {})
    ticket.end('complete')
  }
}

/** Median microseconds an operation. */
function time(operation: () => void): number {
  const warmUntilMs = performance.now() + WARMUP_MS
  while (performance.now() < warmUntilMs) operation()
  const batches = Array.from({ length: BATCHES }, () => {
    const startedAtMs = performance.now()
    let elapsedMs = 0
    let count = 0
    for (; elapsedMs < BATCH_MS; elapsedMs = performance.now() - startedAtMs) {
      for (let i = 0; i < 10; i++) operation()
      count += 10
    }
    return (elapsedMs * 1000) / count
  })
  return batches.sort((a, b) => a - b)[BATCHES >> 1]!
}

const ROWS: readonly (readonly [name: string, aim: string, operation: () => void])[] = [
  ['candidates + prefix match + scheduling, 100 endpoints', '<= 20', scheduling(100)],
  ['candidates + prefix match + scheduling, 1,000 endpoints', '<= 150', scheduling(1000)],
  ['scan + hash + match of a 400 KB prompt, 100 endpoints', '<= 500', matching(100, 400_000)],
  ['whole path of a 1 KB request without I/O, 100 endpoints', '', wholePath(100)],
]

console.log('| in process | aim, us | us an operation (median) |\n| --- | --- | --- |')
for (const [name, aim, operation] of ROWS) console.log(`| ${name} | ${aim} | ${time(operation).toFixed(1)} |`)
