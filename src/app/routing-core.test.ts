import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoutingRig } from '#/app/testing/routing-rig.ts'
import type { Forward } from '#/app/testing/routing-rig.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import { chatBody } from '#/request/testing/test-exchange.ts'
import type { Attempt } from '#/sdk/attempt.ts'
import { slotOf } from '#/sdk/endpoint.ts'
import { kvCacheUtilization, waitingQueueSize } from '#/sdk/keys.ts'

const HEADERS = { get: () => undefined }
const TOKEN = Buffer.from('data: {"choices":[{"delta":{"content":" word"}}]}\n\n')
const SHARED = 'You are a helpful assistant. '.repeat(100)

/** Upper 0.1% of the chi-square distribution with 7 degrees of freedom: eight endpoints. */
const CHI_SQUARE_7_P001 = 24.32

function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/** Sent to the pick, with nothing answered yet. */
function send(rig: RoutingRig, content: string, stream = false): Forward & { readonly slot: number } {
  const decision = rig.forward({ body: chatBody('m', content, { stream }) })
  decision.ticket.sent(decision.endpoints[0]!)
  return { ...decision, slot: slotOf(decision.endpoints[0]!) }
}

/** Sent, answered and over. */
function serve(rig: RoutingRig, content: string): number {
  const { ticket, endpoints, slot } = send(rig, content)
  ticket.answered(endpoints[0]!, 200, HEADERS)
  ticket.firstByte()
  ticket.end('complete')
  return slot
}

for (const stream of [false, true]) {
  test(`100 equal prefixes within a second stay together: ${stream ? 'SSE, tokens at once' : 'JSON, no answer before the end'}`, () => {
    const rig = new RoutingRig()
    rig.joinMany(8)
    const running: Forward[] = []
    const slots = new Set<number>()
    for (let i = 0; i < 100; i++) {
      const request = send(rig, `${SHARED}Question ${i}`, stream)
      slots.add(request.slot)
      running.push(request)
      if (stream) {
        request.ticket.answered(request.endpoints[0]!, 200, HEADERS)
        request.ticket.firstByte()
        for (const { ticket } of running) ticket.bytes(TOKEN, false, () => {})
      }
      rig.wait(10)
    }
    assert.equal(slots.size, 1)
    for (const { ticket } of running) ticket.end('complete')
  })
}

test('equal prefixes stay together until load says otherwise, then some go elsewhere, and stay there', () => {
  const rig = new RoutingRig()
  const endpoints = rig.joinMany(8)
  const home = send(rig, SHARED).slot
  const report = (waiting: number, kv: number): void => {
    rig.scraped(waitingQueueSize, endpoints[home]!, waiting)
    rig.scraped(kvCacheUtilization, endpoints[home]!, kv)
  }
  report(0, 0.4)
  assert.equal(send(rig, SHARED).slot, home, 'a fuller cache alone is no reason to leave')
  report(30, 0.2)
  assert.equal(send(rig, SHARED).slot, home, 'nor is a queue alone')
  report(30, 0.95)
  const elsewhere = send(rig, SHARED).slot
  assert.notEqual(elsewhere, home)
  assert.equal(send(rig, SHARED).slot, elsewhere, 'the prefix is there too from then on')
})

test('cold prompts spread equally over equal endpoints', () => {
  for (const seed of [1, 2, 3]) {
    const rig = new RoutingRig({ seed })
    rig.joinMany(8)
    const counts = Array.from({ length: 8 }, () => 0)
    for (let i = 0; i < 1600; i++) counts[serve(rig, `${i} is a prompt of its own. ${SHARED}`)]!++
    assert.ok(chiSquare(counts) < CHI_SQUARE_7_P001, `seed ${seed}: ${counts.join(' ')}`)
  }
})

test('the same seed, requests and numbers give the same decisions; another seed gives others', () => {
  const decisions = (seed: number): number[] => {
    const rig = new RoutingRig({ seed })
    rig.joinMany(8)
    return Array.from({ length: 40 }, (_, i) => serve(rig, `${i % 25} begins it. ${SHARED}`))
  }
  assert.deepEqual(decisions(7), decisions(7))
  assert.notDeepEqual(decisions(7), decisions(8))
})

/** The prefix of every request, by what was believed of the endpoint that it went to. */
function createWatchedRig(): { readonly rig: RoutingRig; readonly attempts: Attempt[]; readonly endpoints: Endpoint[] } {
  const attempts: Attempt[] = []
  const rig = new RoutingRig({ observers: [{ attemptSent: (attempt) => void attempts.push(attempt) }] })
  return { rig, attempts, endpoints: rig.joinMany(4) }
}

test('an endpoint that restarted is forgotten', () => {
  const { rig, attempts, endpoints } = createWatchedRig()
  const home = serve(rig, SHARED)
  assert.equal(serve(rig, SHARED), home)
  assert.equal(attempts.at(-1)!.matchedBlocks, attempts.at(-1)!.totalBlocks)
  rig.core.table.reportRestart(endpoints[home]!.ref)
  assert.equal(rig.core.index.totalBlocks, 0)
  serve(rig, SHARED)
  assert.equal(attempts.at(-1)!.matchedBlocks, 0)
})

test('an endpoint that left is forgotten, and what comes in its slot inherits nothing', () => {
  const { rig, attempts, endpoints } = createWatchedRig()
  const home = serve(rig, SHARED)
  const { stats, table } = rig.core
  assert.equal(stats.completed[home], 1)
  table.remove(endpoints[home]!.ref)
  const heir = rig.join('heir', 'm')
  assert.equal(heir.slot, home)
  assert.equal(stats.completed[home], 0)
  for (const other of endpoints) if (other.slot !== home) table.setReadiness(other.ref, 'down')
  assert.equal(serve(rig, SHARED), home)
  assert.equal(attempts.at(-1)!.matchedBlocks, 0)
})

test('an endpoint that leaves with requests in flight keeps its slot from others until they end', () => {
  const { rig, endpoints } = createWatchedRig()
  const request = send(rig, SHARED)
  rig.core.table.remove(endpoints[request.slot]!.ref)
  assert.notEqual(rig.join('early heir', 'm').slot, request.slot)
  request.ticket.end('upstream-failed')
  assert.equal(rig.join('late heir', 'm').slot, request.slot)
  assert.equal(rig.core.index.blockCount(request.slot), 0)
})

test('a retry moves the prefix to the endpoint that served', () => {
  const { rig } = createWatchedRig()
  const { endpoints: refs, ticket } = rig.forward({ body: chatBody('m', SHARED) }, { fallbacks: 1, evict() {} })
  const [first, second] = refs.map(slotOf)
  assert.ok(first !== undefined && second !== undefined && first !== second)
  ticket.sent(refs[0]!)
  assert.ok(rig.core.index.blockCount(first) > 0, 'learned when it was sent')
  ticket.sent(refs[1]!)
  assert.equal(rig.core.index.blockCount(first), 0, 'and unlearned when it was sent elsewhere')
  ticket.answered(refs[1]!, 200, HEADERS)
  ticket.firstByte()
  ticket.end('complete')
  for (let i = 0; i < 5; i++) assert.equal(serve(rig, SHARED), second)
  assert.equal(rig.core.index.blockCount(first), 0)
  assert.equal(rig.core.stats.failed[first], 1)
  assert.equal(rig.core.stats.completed[second], 6)
})

test('an endpoint that answers with an error is not believed to hold the prompt', () => {
  const { rig } = createWatchedRig()
  const { ticket, endpoints, slot } = send(rig, SHARED)
  ticket.answered(endpoints[0]!, 500, HEADERS)
  ticket.end('complete')
  assert.equal(rig.core.index.blockCount(slot), 0)
})

test('scheduling is measured, and counted by the endpoint picked', async () => {
  const rig = new RoutingRig()
  rig.joinMany(1)
  serve(rig, SHARED)
  const page = await rig.core.metrics.expose()
  assert.match(page, /^llm_d_epp_scheduler_e2e_duration_seconds_count 1$/m)
  assert.match(
    page,
    /^llm_d_epp_scheduler_attempts_total\{status="success",target_model_name="m",endpoint_name="e0",namespace="default",port="8000"\} 1$/m,
  )
})

test('models that only clients name do not become label values of the scheduler either', async () => {
  const rig = new RoutingRig()
  const endpoint = rig.core.table.add({ namespace: 'default', name: 'open', scheme: 'http', host: 'open', port: 1, labels: {} })
  rig.core.table.setReadiness(endpoint.ref, 'ready')
  for (let i = 0; i < 3; i++) rig.forward({ body: chatBody(`invented-${i}`, 'x') }).ticket.end('complete')
  const page = await rig.core.metrics.expose()
  assert.doesNotMatch(page, /invented/)
  assert.match(page, /scheduler_attempts_total\{status="success",target_model_name="other",.*\} 3\n/)
})

test('a path that is no inference API is refused', () => {
  const rig = new RoutingRig()
  rig.joinMany(1)
  const answer = rig.route({ path: '/v1/audio' })
  assert.ok('kind' in answer && answer.kind === 'refuse')
  assert.equal(answer.error.code, 'path_not_found')
})
