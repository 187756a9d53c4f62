import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { RequestTicket } from '#/request/respond/ticket.ts'
import type { TicketContext } from '#/request/respond/ticket.ts'
import type { PickedEndpoint } from '#/request/respond/request-attempt.ts'
import type { Attempt, AttemptHooks, EndCause } from '#/sdk/attempt.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

const HEADERS = { get: () => undefined }

function createFleet(count: number): { table: EndpointTable; endpoints: Endpoint[] } {
  const table = new EndpointTable(new ColumnStore(count))
  const endpoints = Array.from({ length: count }, (_, i) =>
    table.add({ namespace: 'default', name: `e${i}`, scheme: 'http', host: '127.0.0.1', port: 8000 + i, labels: {} }),
  )
  return { table, endpoints }
}

function createRequest(): InferenceRequest & { released: number } {
  return {
    requestId: 'r',
    receivedAtMs: 0,
    api: 'chat-completions',
    headers: HEADERS,
    body: [],
    bodyBytes: 0,
    model: 'm',
    targetModel: 'm',
    stream: true,
    inputTokens: 1000,
    maxOutputTokens: undefined,
    priority: 0,
    fairnessId: 'default-flow',
    released: 0,
    prefixChain: () => ({ length: 0, blockBytes: 256, low: new Uint32Array(0), high: new Uint32Array(0) }),
    releasePrefix() {
      this.released++
    },
    json: () => ({}),
  }
}

const pick = (endpoint: Endpoint, matchedBlocks = 0): PickedEndpoint => ({
  endpoint: endpoint.ref,
  slot: endpoint.slot,
  matchedBlocks,
  totalBlocks: 16,
  blockTokens: 64,
})

interface Recorded {
  readonly hooks: AttemptHooks
  readonly open: Set<Attempt>
  readonly events: string[]
}

function createRecorder(): Recorded {
  const open = new Set<Attempt>()
  const events: string[] = []
  return {
    open,
    events,
    hooks: {
      attemptSent(attempt) {
        assert.ok(!open.has(attempt))
        open.add(attempt)
        events.push(`sent ${attempt.slot} #${attempt.number} uncached ${attempt.uncachedTokens}`)
      },
      attemptFirstByte(attempt) {
        assert.ok(open.has(attempt))
        events.push(`first ${attempt.slot}`)
      },
      attemptChunk(attempt) {
        assert.ok(open.has(attempt))
        events.push(`chunk ${attempt.slot}`)
      },
      attemptEnded(attempt, cause, _nowMs, served) {
        assert.ok(open.delete(attempt))
        events.push(`ended ${attempt.slot} ${cause} served=${served}`)
      },
    },
  }
}

function createTicket(fleet: { table: EndpointTable }, recorder: Recorded, picked: PickedEndpoint[], legs: PickedEndpoint[] = []) {
  const request = createRequest()
  const ends: EndCause[] = []
  const context: TicketContext = {
    clock: new VirtualClock(),
    table: fleet.table,
    hooks: [recorder.hooks],
    ended: (_request, cause) => ends.push(cause),
    failed(_requestId, cause) {
      throw cause
    },
  }
  const ticket = new RequestTicket(
    context,
    request,
    picked,
    legs.map((leg, i) => ({ picked: leg, profile: 'prefill', release: i % 2 === 0 ? 'first-byte' : 'end' })),
  )
  return { ticket, request, ends }
}

const CHUNK = Buffer.from('data: x\n\n')

test('a served request goes through its moments once', () => {
  const fleet = createFleet(2)
  const recorder = createRecorder()
  const { ticket, request, ends } = createTicket(fleet, recorder, [pick(fleet.endpoints[0]!, 4), pick(fleet.endpoints[1]!)])
  ticket.sent(fleet.endpoints[0]!.ref)
  assert.equal(ticket.answered(fleet.endpoints[0]!.ref, 200, HEADERS).body, 'observe')
  ticket.firstByte()
  ticket.firstByte()
  const out: Uint8Array[] = []
  ticket.bytes(CHUNK, false, (chunk) => out.push(chunk))
  ticket.end('complete')
  ticket.end('client-gone')
  assert.deepEqual(recorder.events, ['sent 0 #1 uncached 744', 'first 0', 'chunk 0', 'ended 0 complete served=true'])
  assert.deepEqual(ends, ['complete'])
  assert.equal(out[0], CHUNK)
  assert.equal(request.released, 1)
  assert.equal(fleet.table.pinsOf(0), 0)
})

test('a refused endpoint is over before the next one begins', () => {
  const fleet = createFleet(2)
  const recorder = createRecorder()
  const { ticket } = createTicket(
    fleet,
    recorder,
    fleet.endpoints.map((endpoint) => pick(endpoint)),
  )
  ticket.sent(fleet.endpoints[0]!.ref)
  ticket.sent(fleet.endpoints[1]!.ref)
  ticket.answered(fleet.endpoints[1]!.ref, 200, HEADERS)
  ticket.end('complete')
  assert.deepEqual(recorder.events, [
    'sent 0 #1 uncached 1000',
    'ended 0 upstream-failed served=false',
    'sent 1 #2 uncached 1000',
    'ended 1 complete served=true',
  ])
})

test('an answer from another endpoint moves the attempt there', () => {
  const fleet = createFleet(3)
  const recorder = createRecorder()
  const { ticket } = createTicket(fleet, recorder, [pick(fleet.endpoints[0]!, 8)])
  ticket.sent(fleet.endpoints[0]!.ref)
  ticket.answered(fleet.endpoints[2]!.ref, 200, HEADERS)
  ticket.end('complete')
  assert.deepEqual(recorder.events, [
    'sent 0 #1 uncached 488',
    'ended 0 upstream-failed served=false',
    'sent 2 #2 uncached 1000',
    'ended 2 complete served=true',
  ])
})

test('an error answer is passed on unobserved and teaches nothing', () => {
  const fleet = createFleet(1)
  const recorder = createRecorder()
  const { ticket } = createTicket(fleet, recorder, [pick(fleet.endpoints[0]!)])
  ticket.sent(fleet.endpoints[0]!.ref)
  assert.equal(ticket.answered(fleet.endpoints[0]!.ref, 404, HEADERS).body, 'none')
  ticket.firstByte()
  ticket.bytes(CHUNK, true, () => {})
  ticket.end('complete')
  assert.deepEqual(recorder.events, ['sent 0 #1 uncached 1000', 'ended 0 complete served=false'])
})

test('a client that leaves before the answer leaves a prompt that is believed cached', () => {
  const fleet = createFleet(1)
  const recorder = createRecorder()
  const { ticket } = createTicket(fleet, recorder, [pick(fleet.endpoints[0]!)])
  ticket.sent(fleet.endpoints[0]!.ref)
  ticket.end('client-gone')
  assert.equal(recorder.events.at(-1), 'ended 0 client-gone served=true')
})

test('legs are counted with the main endpoint and released at their own moment', () => {
  const fleet = createFleet(3)
  const recorder = createRecorder()
  const { ticket } = createTicket(fleet, recorder, [pick(fleet.endpoints[0]!)], [pick(fleet.endpoints[1]!), pick(fleet.endpoints[2]!)])
  ticket.sent(fleet.endpoints[0]!.ref)
  ticket.answered(fleet.endpoints[0]!.ref, 200, HEADERS)
  ticket.firstByte()
  ticket.end('complete')
  assert.deepEqual(recorder.events, [
    'sent 0 #1 uncached 1000',
    'sent 1 #1 uncached 1000',
    'sent 2 #1 uncached 1000',
    'first 0',
    'ended 1 complete served=true',
    'ended 0 complete served=true',
    'ended 2 complete served=true',
  ])
})

type Step =
  | { kind: 'sent'; endpoint: number; status: number }
  | { kind: 'answered'; endpoint: number; status: number }
  | { kind: 'first' }
  | { kind: 'bytes' }
  | { kind: 'end'; cause: EndCause }
  | { kind: 'vanish'; endpoint: number }

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('sent' as const), endpoint: fc.nat(2), status: fc.constant(0) }),
  fc.record({ kind: fc.constant('answered' as const), endpoint: fc.nat(2), status: fc.constantFrom(200, 201, 404, 500, 503) }),
  fc.record({ kind: fc.constant('first' as const) }),
  fc.record({ kind: fc.constant('bytes' as const) }),
  fc.record({
    kind: fc.constant('end' as const),
    cause: fc.constantFrom<EndCause>('complete', 'client-gone', 'upstream-failed', 'evicted', 'timeout', 'unknown-end'),
  }),
  fc.record({ kind: fc.constant('vanish' as const), endpoint: fc.nat(2) }),
)

test('after any interleaving every attempt ended once and every slot is unpinned', () => {
  fc.assert(
    fc.property(fc.array(stepArbitrary, { maxLength: 25, size: 'max' }), fc.boolean(), (steps, hasLegs) => {
      const fleet = createFleet(3)
      const recorder = createRecorder()
      const picks = fleet.endpoints.map((endpoint) => pick(endpoint))
      const { ticket, ends } = createTicket(fleet, recorder, picks.slice(0, 2), hasLegs ? picks.slice(1) : [])
      for (const step of steps) {
        if (step.kind === 'sent') ticket.sent(fleet.endpoints[step.endpoint]!.ref)
        else if (step.kind === 'answered') ticket.answered(fleet.endpoints[step.endpoint]!.ref, step.status, HEADERS)
        else if (step.kind === 'first') ticket.firstByte()
        else if (step.kind === 'bytes') ticket.bytes(CHUNK, false, () => {})
        else if (step.kind === 'end') ticket.end(step.cause)
        else if (step.kind === 'vanish') fleet.table.remove(fleet.endpoints[step.endpoint]!.ref)
      }
      ticket.end('complete')
      assert.equal(recorder.open.size, 0)
      assert.equal(ends.length, 1)
      for (let slot = 0; slot < 3; slot++) assert.equal(fleet.table.pinsOf(slot), 0)
    }),
  )
})
