import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RoutingRig } from '#/app/testing/routing-rig.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { Decision, Queued } from '#/request/exchange.ts'
import { chatBody } from '#/request/testing/test-exchange.ts'
import type { Attempt, AttemptHooks, EndCause } from '#/sdk/attempt.ts'
import { cacheBlockSize, inflightOutputTokens, inflightRequests, inflightTokens } from '#/sdk/keys.ts'
import { readSamples, seriesOf } from '#/telemetry/testing/samples.ts'

const HEADERS = { get: () => undefined }
const CHUNK = Buffer.from('data: {"usage":{"prompt_tokens":900,"completion_tokens":7}}\n\n')
const ENDPOINTS = 4
const MAX_ENDPOINTS = 8
const CAUSES: readonly EndCause[] = ['complete', 'client-gone', 'upstream-failed', 'evicted', 'timeout', 'unknown-end']

type Step =
  | { readonly kind: 'start'; readonly prompt: number; readonly model: string; readonly stream: boolean; readonly fallbacks: number }
  | { readonly kind: 'send'; readonly request: number }
  | { readonly kind: 'answer'; readonly request: number; readonly by: number | undefined; readonly status: number }
  | { readonly kind: 'advance' | 'first byte' | 'bytes' | 'leave'; readonly request: number }
  | { readonly kind: 'end'; readonly request: number; readonly cause: EndCause }
  | { readonly kind: 'remove' | 'add' | 'down' | 'ready' | 'restart'; readonly endpoint: number }
  | { readonly kind: 'list'; readonly endpoint: number; readonly models: readonly string[] }
  | { readonly kind: 'block size'; readonly endpoint: number; readonly tokens: number }
  | { readonly kind: 'verdict'; readonly verdict: 'unknown' | 'found' | 'unreadable' }
  | { readonly kind: 'time'; readonly ms: number }

/** Counted back from the newest. */
const request = fc.nat(4)
const endpoint = fc.nat(ENDPOINTS - 1)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant('start' as const),
        prompt: fc.nat(3),
        model: fc.constantFrom('m', 'm', 'm', 'n', 'nobody'),
        stream: fc.boolean(),
        fallbacks: fc.nat(2),
      }),
    },
    { weight: 16, arbitrary: fc.record({ kind: fc.constant('advance' as const), request }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), request }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('answer' as const),
        request,
        by: fc.option(endpoint, { nil: undefined, freq: 4 }),
        status: fc.constantFrom(200, 200, 200, 404, 500),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('first byte' as const, 'bytes' as const, 'bytes' as const, 'leave' as const), request }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), request, cause: fc.constantFrom(...CAUSES) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('remove' as const, 'add' as const, 'down' as const, 'ready' as const, 'restart' as const),
        endpoint,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('list' as const), endpoint, models: fc.subarray(['m', 'n']) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('block size' as const), endpoint, tokens: fc.constantFrom(0, 16, 128) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('verdict' as const),
        verdict: fc.constantFrom('unknown' as const, 'found' as const, 'unreadable' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(500) }) },
  ),
  { minLength: 20, maxLength: 100, size: 'max' },
)

/** What the prefix index must hold, kept the slow way: for each slot the blocks, and the attempt that alone vouches for each. */
class Beliefs implements AttemptHooks {
  readonly #blocks = new Map<number, Map<string, Attempt | undefined>>()
  readonly #tentative = new Map<Attempt, readonly string[]>()
  readonly open = new Set<Attempt>()

  countOf(slot: number): number {
    return this.#blocks.get(slot)?.size ?? 0
  }

  attemptSent(attempt: Attempt): void {
    assert.ok(!this.open.has(attempt), 'an attempt begins once')
    this.open.add(attempt)
    const held = this.#of(attempt.slot)
    const blocks = blocksOf(attempt)
    for (const block of blocks) held.set(block, held.has(block) ? undefined : attempt)
    this.#tentative.set(attempt, blocks)
  }

  attemptFirstByte(attempt: Attempt): void {
    assert.ok(this.open.has(attempt))
    this.#tentative.delete(attempt)
  }

  attemptEnded(attempt: Attempt, _cause: EndCause, _nowMs: number, served: boolean): void {
    assert.ok(this.open.delete(attempt), 'an attempt ends once')
    const held = this.#of(attempt.slot)
    const blocks = this.#tentative.get(attempt) ?? []
    this.#tentative.delete(attempt)
    if (!served) for (const block of blocks) if (held.get(block) === attempt) held.delete(block)
  }

  endpointLost(slot: number): void {
    this.#blocks.delete(slot)
    for (const attempt of this.#tentative.keys()) if (attempt.slot === slot) this.#tentative.delete(attempt)
  }

  #of(slot: number): Map<string, Attempt | undefined> {
    const held = this.#blocks.get(slot) ?? new Map<string, Attempt | undefined>()
    this.#blocks.set(slot, held)
    return held
  }
}

function blocksOf({ request, blockTokens }: Attempt): string[] {
  const { length, low, high } = request.prefixChain(4 * blockTokens)
  return Array.from({ length }, (_, i) => `${low[i]}/${high[i]}`)
}

/** Several clients and endpoints at once, told what to do step by step. */
class Scenario {
  readonly beliefs = new Beliefs()
  readonly rig = new RoutingRig({ maxEndpoints: MAX_ENDPOINTS, maxRequests: 6, observers: [this.beliefs] })
  readonly #endpoints: (Endpoint | undefined)[]
  /** By the place of the step that started it; a refused request leaves its place empty. */
  readonly #requests: (Running | undefined)[] = []
  routed = 0

  constructor() {
    const { table } = this.rig.core
    table.subscribe({
      removed: ({ slot }) => this.beliefs.endpointLost(slot),
      restarted: ({ slot }) => this.beliefs.endpointLost(slot),
    })
    this.#endpoints = Array.from({ length: ENDPOINTS }, (_, i) => this.rig.join(`e${i}`, 'm', ...(i === 0 ? ['n'] : [])))
  }

  async do(step: Step): Promise<void> {
    if (step.kind === 'start') this.#start(step)
    else if (step.kind === 'time') this.rig.wait(step.ms)
    else if (step.kind === 'verdict') this.rig.models.answer(step.verdict)
    else if ('request' in step) this.#tell(step)
    else this.#change(step)
    // Whoever waited learns of it.
    await settle()
  }

  /** Everybody leaves. */
  async finish(): Promise<void> {
    this.rig.models.answer('unknown')
    await settle()
    for (const [i, request] of this.#requests.entries()) request?.end(CAUSES[i % CAUSES.length]!)
  }

  async assertNothingCounted(): Promise<void> {
    const { core, defects, clock } = this.rig
    assert.deepEqual(defects, [])
    assert.equal(core.limit.inFlight, 0, 'requests in flight')
    assert.equal(core.requestMetrics.runningCount, 0, 'running requests')
    assert.equal(this.beliefs.open.size, 0, 'open attempts')
    assert.equal(clock.nextTimerAtMs(), undefined, 'timers')
    for (let slot = 0; slot < MAX_ENDPOINTS; slot++) {
      assert.equal(core.table.pinsOf(slot), 0, `pins of slot ${slot}`)
      for (const key of [inflightRequests, inflightTokens, inflightOutputTokens]) {
        assert.equal(core.columns.column(key).values[slot], 0, `${key.name} of slot ${slot}`)
      }
      assert.equal(core.index.blockCount(slot), this.beliefs.countOf(slot), `blocks of slot ${slot}`)
    }
    const samples = await readSamples(core.metrics)
    for (const series of seriesOf(samples, 'llm_d_epp_request_running')) assert.equal(samples.get(series), 0, series)
    const total = (name: string): number => seriesOf(samples, name).reduce((sum, series) => sum + samples.get(series)!, 0)
    assert.equal(total('llm_d_epp_request_total'), this.routed)
    assert.equal(total('llm_d_epp_request_duration_seconds_count'), this.routed)
  }

  #start({ prompt, model, stream, fallbacks }: Step & { readonly kind: 'start' }): void {
    // Prompts 0 to 2 begin alike and differ in length; the others are nobody else's.
    const content = prompt < 3 ? 'shared '.repeat(200 * (prompt + 1)) : `${this.#requests.length} alone `.repeat(100)
    const decided = this.rig.route({ body: chatBody(model, content, { stream }) }, { fallbacks, evict() {} })
    this.#requests.push(new Running(decided, () => this.routed++))
  }

  #tell(step: Step & { readonly request: number }): void {
    const request = this.#requests.at(-1 - step.request)
    if (request === undefined) return
    if (step.kind === 'advance') request.advance()
    else if (step.kind === 'send') request.send()
    else if (step.kind === 'answer') request.answer(step.by === undefined ? undefined : this.#endpoints[step.by]?.ref, step.status)
    else if (step.kind === 'first byte') request.ticket?.firstByte()
    else if (step.kind === 'bytes') request.ticket?.bytes(CHUNK, false, () => {})
    else request.end(step.kind === 'end' ? step.cause : 'client-gone')
  }

  #change(step: Step & { readonly endpoint: number }): void {
    const { table } = this.rig.core
    const known = this.#endpoints[step.endpoint]
    if (step.kind === 'add') {
      if (known === undefined) this.#endpoints[step.endpoint] = this.rig.join(`e${step.endpoint}`, 'm')
      return
    }
    if (known === undefined) return
    if (step.kind === 'remove') {
      table.remove(known.ref)
      this.#endpoints[step.endpoint] = undefined
    } else if (step.kind === 'restart') table.reportRestart(known.ref)
    else if (step.kind === 'list') this.rig.models.set(known.slot, step.models)
    else if (step.kind === 'block size') this.rig.scraped(cacheBlockSize, known, step.tokens)
    else table.setReadiness(known.ref, step.kind === 'down' ? 'down' : 'ready')
  }
}

/** A client and the edge that serves it. */
class Running {
  #decision: (Decision & { readonly kind: 'forward' }) | undefined
  #queued: Queued | undefined
  #sends = 0
  #stage = 0
  #hasLeft = false

  constructor(answer: Decision | Queued, routed: () => void) {
    const take = (decision: Decision): void => {
      this.#queued = undefined
      if (decision.kind === 'refuse') return
      routed()
      this.#decision = decision
      if (this.#hasLeft) decision.ticket.end('client-gone')
    }
    if ('kind' in answer) take(answer)
    else {
      this.#queued = answer
      void answer.decided.then(take)
    }
  }

  get ticket() {
    return this.#decision?.ticket
  }

  /** One step further on the way of a request that is served. */
  advance(): void {
    const { ticket } = this
    if (ticket === undefined) return
    const stage = this.#stage++
    if (stage === 0) this.send()
    else if (stage === 1) this.answer(undefined, 200)
    else if (stage === 2) ticket.firstByte()
    else if (stage === 5) this.end('complete')
    else ticket.bytes(CHUNK, false, () => {})
  }

  /** To the next endpoint of the decision, from the start again after the last. */
  send(): void {
    const endpoints = this.#decision?.endpoints
    if (endpoints !== undefined) this.ticket!.sent(endpoints[this.#sends++ % endpoints.length]!)
  }

  answer(by: number | undefined, status: number): void {
    const endpoints = this.#decision?.endpoints ?? []
    const ref = by ?? endpoints[Math.max(0, this.#sends - 1) % endpoints.length]
    if (ref !== undefined) this.ticket?.answered(ref, status, HEADERS)
  }

  end(cause: EndCause): void {
    this.ticket?.end(cause)
    if (!this.#hasLeft) this.#queued?.leave(cause === 'evicted' ? 'shutdown' : 'client-gone')
    this.#hasLeft = true
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

test('after any interleaving of what clients and endpoints may do, every counter is back at zero', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const scenario = new Scenario()
      for (const step of all) await scenario.do(step)
      await scenario.finish()
      await scenario.assertNothingCounted()
    }),
    { numRuns: 150 },
  )
})
