import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Scraper } from '#/fleet/scrape/scraper.ts'
import type { ScrapeOutcome } from '#/fleet/scrape/scrape-exchange.ts'
import { ScriptedGet } from '#/fleet/scrape/testing/scripted-get.ts'
import type { ScriptedExchange } from '#/fleet/scrape/testing/scripted-get.ts'
import { toVllmPage } from '#/fleet/scrape/testing/vllm-page.ts'
import { AdapterTable } from '#/fleet/state/adapter-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import { createRng } from '#/lib/rng.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import type { DataKey } from '#/sdk/data-key.ts'
import { endpointAdapters, inflightRequests, kvCacheUtilization, waitingQueueSize } from '#/sdk/keys.ts'

/** A fleet in virtual time. */
class Rig {
  readonly clock = new VirtualClock()
  readonly columns = new ColumnStore(4096)
  readonly table = new EndpointTable(this.columns)
  readonly adapters = new AdapterTable(this.table)
  readonly http = new ScriptedGet()
  readonly outcomes: ScrapeOutcome[] = []
  readonly rejected: number[] = []
  readonly withoutMetrics: string[] = []
  readonly scraper: Scraper

  constructor(consumed: readonly DataKey[] = [waitingQueueSize, kvCacheUtilization, endpointAdapters]) {
    this.scraper = new Scraper({
      endpoints: this.table,
      columns: this.columns,
      adapters: this.adapters,
      http: this.http,
      clock: this.clock,
      rng: createRng(1),
      consumed: new Set(consumed),
      observer: {
        scrapeEnded: (_endpoint, outcome) => this.outcomes.push(outcome),
        valuesRejected: (_endpoint, count) => this.rejected.push(count),
        withoutMetrics: (endpoint) => this.withoutMetrics.push(endpoint.name),
      },
    })
    this.scraper.start()
  }

  add(name = 'a'): Endpoint {
    return this.table.add({ namespace: 'default', name, scheme: 'http', host: '10.0.0.1', port: 8000, labels: {} })
  }

  wait(ms: number): void {
    this.clock.advanceTo(this.clock.nowMs() + ms)
  }

  /** Goes from timer to timer until `untilMs`, answers at once, and returns when each scrape began. */
  serve(untilMs: number, answer = (exchange: ScriptedExchange) => exchange.answer(200, toVllmPage())): number[] {
    const startsMs: number[] = []
    for (let next = this.clock.nextTimerAtMs(); next !== undefined && next <= untilMs; next = this.clock.nextTimerAtMs()) {
      this.clock.advanceTo(next)
      for (const exchange of this.http.open) {
        startsMs.push(this.clock.nowMs())
        answer(exchange)
      }
    }
    this.clock.advanceTo(untilMs)
    return startsMs
  }

  /** An endpoint whose first scrape brought a page. */
  joined(name = 'a'): Endpoint {
    const endpoint = this.add(name)
    this.wait(0)
    this.http.only.answer(200, toVllmPage())
    return endpoint
  }
}

function gapsOf(timesMs: readonly number[]): number[] {
  return timesMs.slice(1).map((timeMs, index) => timeMs - timesMs[index]!)
}

test('an endpoint is scraped at once, its values land in the columns with their age, and it is ready', () => {
  const rig = new Rig()
  rig.wait(7)
  const { slot, ref } = rig.add()
  assert.equal(rig.scraper.isStale(slot, 7, 1e9), true)
  rig.wait(0)
  assert.equal(rig.http.only.path, '/metrics')
  rig.wait(3)
  rig.http.only.answer(200, toVllmPage({ waiting: 5, active: 'x' }))
  const column = rig.columns.column(waitingQueueSize)
  assert.deepEqual([column.values[slot], column.updatedAtMs[slot]], [5, 7])
  assert.equal(rig.adapters.isActive(slot, rig.adapters.idOf('x')), true)
  assert.equal(rig.table.get(ref)?.readiness, 'ready')
  assert.equal(rig.scraper.engineOf(slot), 'vllm')
  assert.equal(rig.scraper.lastError(slot), undefined)
  assert.equal(rig.scraper.isStale(slot, 10, 0), false)
  assert.deepEqual(rig.outcomes, ['ok'])
})

test('endpoints that were there before the start are scraped, too', () => {
  const rig = new Rig()
  const other = new Rig()
  other.add()
  void other.scraper[Symbol.asyncDispose]()
  const { clock, http } = rig
  const late = new Scraper({
    endpoints: other.table,
    columns: other.columns,
    adapters: other.adapters,
    http,
    clock,
    rng: createRng(1),
    consumed: new Set(),
  })
  late.start()
  rig.wait(0)
  assert.equal(rig.http.open.length, 1)
})

test('idle endpoints are scraped once a second, spread over it', () => {
  const rig = new Rig()
  for (let i = 0; i < 100; i++) rig.add(`e${i}`)
  rig.serve(2000)
  const startsMs = rig.serve(3000)
  assert.equal(startsMs.length, 100)
  const inTick = Map.groupBy(startsMs, (timeMs) => timeMs)
  assert.ok(inTick.size >= 30, `${inTick.size} ticks`)
  assert.ok(Math.max(...[...inTick.values()].map((group) => group.length)) <= 10)
  const again = rig.serve(4000)
  assert.deepEqual(
    again.map((timeMs) => timeMs - 1000),
    startsMs,
    'the interval is a second for each of them',
  )
})

test('traffic after silence is followed by a scrape at once, then every 250 ms until a second after the last event', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  rig.serve(5000)
  assert.equal(rig.scraper.intervalMs(slot), 1000)
  const [last] = rig.serve(rig.clock.nextTimerAtMs()!)
  rig.serve(last! + 600)
  rig.scraper.noteActivity(slot)
  const startsMs = rig.serve(last! + 4000)
  assert.deepEqual(gapsOf([last!, ...startsMs]).slice(0, 5), [600, 250, 250, 250, 250])
  assert.equal(rig.scraper.intervalMs(slot), 1000)
  assert.ok(
    gapsOf(startsMs)
      .slice(5)
      .every((gapMs) => Math.abs(gapMs - 1000) <= 25),
  )
})

test('a burst is scraped every 8 events but never before 50 ms', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  rig.serve(3000)
  const startsMs: number[] = []
  // One event each 10 ms: 8 of them take 80 ms.
  for (let i = 0; i < 100; i++) {
    rig.scraper.noteActivity(slot)
    startsMs.push(...rig.serve(rig.clock.nowMs() + 10))
  }
  assert.ok(
    gapsOf(startsMs).every((gapMs) => gapMs >= 70 && gapMs <= 90),
    gapsOf(startsMs).join(),
  )
  startsMs.length = 0
  for (let i = 0; i < 400; i++) {
    for (let event = 0; event < 20; event++) rig.scraper.noteActivity(slot)
    startsMs.push(...rig.serve(rig.clock.nowMs() + 1))
  }
  assert.deepEqual(new Set(gapsOf(startsMs)), new Set([50]))
})

test('whatever the traffic: between 50 and 250 ms while requests flow, one scrape at a time, and one timer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 240 }), { minLength: 20, maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      (pausesMs, events) => {
        const rig = new Rig()
        const { slot } = rig.joined()
        rig.serve(2000)
        const startsMs: number[] = []
        for (const pauseMs of pausesMs) {
          for (let event = 0; event < events; event++) rig.scraper.noteActivity(slot)
          startsMs.push(...rig.serve(rig.clock.nowMs() + pauseMs))
        }
        for (const gapMs of gapsOf(startsMs)) assert.ok(gapMs >= 50 && gapMs <= 250, `${gapMs}`)
        assert.ok(startsMs.length >= Math.floor(pausesMs.reduce((sum, pauseMs) => sum + pauseMs, 0) / 250) - 1)
      },
    ),
    { numRuns: 50 },
  )
})

test('a page that is slow to come is asked for half of the time at most', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  rig.serve(3000)
  const gaps: number[] = []
  let startedMs = NaN
  for (let i = 0; i < 10; i++) {
    while (rig.http.open.length === 0) {
      rig.scraper.noteActivity(slot)
      rig.wait(5)
    }
    gaps.push(rig.clock.nowMs() - startedMs)
    startedMs = rig.clock.nowMs()
    rig.wait(300)
    rig.http.only.answer(200, toVllmPage())
  }
  assert.ok(
    gaps.slice(2).every((gapMs) => gapMs >= 595 && gapMs <= 610),
    gaps.join(),
  )
})

test('data is stale when it is older than the threshold and than three intervals, not when the fleet is merely idle', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  assert.equal(rig.scraper.isStale(slot, 2999, 200), false)
  assert.equal(rig.scraper.isStale(slot, 3001, 200), true)
  assert.equal(rig.scraper.isStale(slot, 3001, 5000), false)
  rig.serve(4000)
  rig.scraper.noteActivity(slot)
  assert.equal(rig.scraper.isStale(slot, rig.clock.nowMs(), 200), false, 'the first request after silence does not make the data stale')
  const [busyMs] = rig.serve(rig.clock.nowMs() + 10)
  assert.equal(rig.scraper.isStale(slot, busyMs! + 749, 200), false)
  assert.equal(rig.scraper.isStale(slot, busyMs! + 751, 200), true)
  assert.equal(rig.scraper.isStale(slot + 1, 0, 1e9), true, 'nobody has the slot')
})

test('what an HTTP answer may be: the endpoint is ready, values are kept with their age, the error is named', () => {
  const huge = 'x'.repeat(3 * 1024 * 1024)
  const cases: readonly [outcome: ScrapeOutcome, error: RegExp, answer: (exchange: ScriptedExchange) => void][] = [
    ['status', /answers 500/, (exchange) => exchange.answer(500, 'vllm:num_requests_waiting 9\n')],
    ['no-page', /answers 404/, (exchange) => exchange.answer(404)],
    ['unrecognised', /no series of a known engine/, (exchange) => exchange.answer(200, '<html>hello</html>')],
    ['unrecognised', /no series of a known engine/, (exchange) => exchange.answer(200)],
    [
      'too-large',
      /larger than 4194304 bytes/,
      (exchange) => {
        exchange.head(200)
        exchange.data(`vllm:num_requests_waiting 9\n${huge}`)
        exchange.data(huge)
        assert.equal(exchange.aborted, true)
        exchange.data(huge)
      },
    ],
    [
      'reset',
      /broke/,
      (exchange) => {
        exchange.head(200)
        exchange.data('vllm:num_requests_waiting 9\n')
        exchange.fail('reset', 'it broke')
      },
    ],
  ]
  for (const [outcome, error, answer] of cases) {
    const rig = new Rig()
    const { slot, ref } = rig.add()
    const column = rig.columns.column(waitingQueueSize)
    rig.wait(0)
    answer(rig.http.only)
    assert.equal(rig.table.get(ref)?.readiness, 'ready', outcome)
    assert.equal(column.updatedAtMs[slot], -Infinity)
    rig.serve(1500, (exchange) => exchange.answer(200, toVllmPage({ waiting: 5 })))
    const updatedAtMs = column.updatedAtMs[slot]
    assert.equal(rig.scraper.lastError(slot), undefined)
    rig.serve(2600, answer)
    assert.match(rig.scraper.lastError(slot)!, error)
    assert.equal(rig.scraper.isStale(slot, rig.clock.nowMs(), 1e9), true)
    assert.deepEqual([column.values[slot], column.updatedAtMs[slot]], [5, updatedAtMs])
    assert.equal(rig.outcomes.at(-1), outcome)
    assert.equal(rig.table.get(ref)?.readiness, 'ready')
  }
})

test('an endpoint without a metrics page is warned of once, and probed at the idle pace however busy it is', () => {
  const rig = new Rig()
  const { slot } = rig.add()
  const startsMs: number[] = []
  for (let i = 0; i < 50; i++) {
    for (let event = 0; event < 10; event++) rig.scraper.noteActivity(slot)
    startsMs.push(...rig.serve(rig.clock.nowMs() + 100, (exchange) => exchange.answer(404)))
  }
  assert.ok(startsMs.length <= 6, startsMs.join())
  assert.deepEqual(rig.withoutMetrics, ['a'])
  rig.serve(7000)
  rig.serve(9000, (exchange) => exchange.answer(404))
  assert.deepEqual(rig.withoutMetrics, ['a', 'a'], 'it had a page in between')
})

test('values that are no counts are reported and never reach a column', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  rig.serve(2000, (exchange) => exchange.answer(200, toVllmPage({ waiting: 'NaN', kvUsage: -1 })))
  assert.ok(rig.rejected.length > 0 && rig.rejected.every((count) => count === 2))
  assert.deepEqual([rig.columns.column(waitingQueueSize).values[slot], rig.columns.column(waitingQueueSize).updatedAtMs[slot]], [0, 0])
})

test('nobody there: down with the reason, asked again from 0.5 to 5 s, and back at once when it answers', () => {
  const rig = new Rig()
  const { slot, ref } = rig.add()
  const startsMs = rig.serve(40_000, (exchange) => exchange.fail('connect', 'the connection is refused'))
  assert.deepEqual([rig.table.get(ref)?.readiness, rig.table.get(ref)?.reason], ['down', 'the connection is refused'])
  const gaps = gapsOf(startsMs)
  for (const [index, latestMs] of [500, 1000, 2000, 4000, 5000, 5000, 5000].entries()) {
    assert.ok(gaps[index]! <= latestMs + 1 && gaps[index]! >= 0.8 * latestMs, gaps.join())
  }
  rig.serve(50_000)
  assert.equal(rig.table.get(ref)?.readiness, 'ready')
  assert.equal(rig.scraper.isStale(slot, rig.clock.nowMs(), 0), false)
})

test('endpoints that went down together are not asked again together', () => {
  const rig = new Rig()
  for (const name of ['a', 'b', 'c']) rig.add(name)
  rig.serve(0, (exchange) => exchange.fail('connect'))
  assert.equal(new Set(rig.serve(500)).size, 3)
})

test('a hang ends after a second, leaves a ready endpoint ready and an unknown one unknown', () => {
  const rig = new Rig()
  const { slot, ref } = rig.add()
  rig.wait(999)
  assert.equal(rig.http.open.length, 1)
  const [exchange] = rig.http.exchanges
  rig.wait(2)
  assert.equal(exchange!.aborted, true)
  assert.deepEqual(rig.outcomes, ['timeout'])
  assert.deepEqual([rig.table.get(ref)?.readiness, rig.table.get(ref)?.reason], ['unknown', 'no complete answer within 1000 ms'])
  rig.serve(2000)
  assert.equal(rig.table.get(ref)?.readiness, 'ready')
  while (rig.outcomes.at(-1) !== 'timeout') rig.wait(1)
  rig.wait(49)
  assert.equal(rig.http.open.length, 0, 'it is given a moment')
  rig.serve(6000, () => undefined)
  assert.equal(rig.table.get(ref)?.readiness, 'ready')
  assert.equal(rig.scraper.isStale(slot, 6000, 1e9), true)
  assert.equal(rig.outcomes.at(-1), 'timeout')
})

test('an answer that was there when a stalled process woke up is read before the scrape is given up', () => {
  const rig = new Rig()
  rig.add()
  rig.wait(0)
  // The first look at the deadline: the sockets come next.
  rig.clock.advanceTo(1000)
  rig.http.only.answer(200, toVllmPage())
  rig.wait(10)
  assert.deepEqual(rig.outcomes, ['ok'])
})

test('hanging endpoints take no more than their places, and the others go on', () => {
  const rig = new Rig()
  const hanging = Array.from({ length: 100 }, (_, index) => rig.add(`hang-${index}`))
  const good = rig.add('good')
  rig.wait(0)
  assert.equal(rig.http.open.length, 64)
  const answer = (exchange: ScriptedExchange): void => {
    assert.ok(rig.http.open.length <= 64)
    if (exchange.endpoint === good) exchange.answer(200, toVllmPage())
  }
  rig.serve(3000, answer)
  assert.equal(rig.table.get(good.ref)?.readiness, 'ready')
  for (const endpoint of hanging) assert.equal(rig.table.get(endpoint.ref)?.reason, 'no complete answer within 1000 ms')
  const before = rig.columns.column(waitingQueueSize).updatedAtMs[good.slot]!
  rig.serve(9000, answer)
  assert.ok(rig.columns.column(waitingQueueSize).updatedAtMs[good.slot]! >= before + 4000)
})

test('an unreachable endpoint is taken out at once, probed over a new connection, and backs off when it stays away', () => {
  const rig = new Rig()
  const endpoint = rig.joined()
  rig.serve(3000)
  rig.scraper.reportUnreachable(endpoint.ref)
  assert.deepEqual([endpoint.readiness, endpoint.reason], ['down', 'a request could not connect to it'])
  assert.equal(rig.scraper.isStale(endpoint.slot, rig.clock.nowMs(), 1e9), true)
  assert.deepEqual(rig.http.forgotten, ['default/a'])
  for (let i = 0; i < 10; i++) {
    rig.scraper.reportUnreachable(endpoint.ref)
    rig.scraper.noteActivity(endpoint.slot)
  }
  assert.equal(rig.http.forgotten.length, 1, 'further reports change nothing')
  const [probeMs] = rig.serve(3060, (exchange) => exchange.fail('connect'))
  assert.equal(probeMs, 3050)
  assert.equal(rig.scraper.intervalMs(endpoint.slot), 1000, 'traffic before the loss counts no more')
  assert.equal(endpoint.readiness, 'down')
  const [secondMs] = rig.serve(3600)
  assert.ok(secondMs! >= 3450 && secondMs! <= 3551)
  assert.equal(endpoint.readiness, 'ready')
})

test('a report while a scrape is in flight ends that scrape', () => {
  const rig = new Rig()
  const endpoint = rig.joined()
  while (rig.http.open.length === 0) rig.wait(25)
  const { only } = rig.http
  rig.scraper.reportUnreachable(endpoint.ref)
  assert.equal(only.aborted, true)
  rig.serve(rig.clock.nowMs() + 60)
  assert.equal(endpoint.readiness, 'ready')
  rig.scraper.reportUnreachable(99_999)
})

test('a place in flight that is given up goes to the next in the queue', () => {
  const rig = new Rig()
  for (let i = 0; i < 66; i++) rig.add(`e${i}`)
  rig.wait(0)
  const [first, second] = rig.http.open
  assert.equal(rig.http.exchanges.length, 64)
  rig.scraper.reportUnreachable(first!.endpoint.ref)
  assert.deepEqual([rig.http.exchanges.length, rig.http.open.length], [65, 64])
  rig.table.remove(second!.endpoint.ref)
  assert.deepEqual([rig.http.exchanges.length, rig.http.open.length], [66, 64])
})

test('a restart is told before the new values are there', () => {
  const rig = new Rig()
  const { slot } = rig.joined()
  const heard: number[] = []
  rig.table.subscribe({ restarted: (endpoint) => heard.push(rig.columns.column(waitingQueueSize).values[endpoint.slot]!) })
  rig.serve(1500, (exchange) => exchange.answer(200, toVllmPage({ waiting: 3, active: 'x' })))
  rig.serve(2600, (exchange) => exchange.answer(200, toVllmPage({ waiting: 7, startedAt: 2000, active: 'y' })))
  assert.deepEqual(heard, [3])
  assert.equal(rig.columns.column(waitingQueueSize).values[slot], 7)
  assert.deepEqual(rig.adapters.activeNames(slot), ['y'])
})

test('with nothing consumed endpoints are only probed for health', () => {
  const rig = new Rig([inflightRequests])
  const { ref, slot } = rig.add()
  rig.wait(0)
  assert.equal(rig.http.only.path, '/health')
  rig.http.only.answer(503)
  assert.equal(rig.table.get(ref)?.readiness, 'ready')
  for (let i = 0; i < 20; i++) rig.scraper.noteActivity(slot)
  assert.ok(rig.serve(5000, (exchange) => exchange.answer(200)).length <= 6)
  assert.deepEqual(new Set(rig.outcomes), new Set(['ok']))
})

test('what is consumed can change while scrapes are in flight', () => {
  const rig = new Rig([waitingQueueSize])
  const { slot } = rig.add()
  rig.wait(0)
  rig.scraper.setConsumed(new Set([kvCacheUtilization]))
  rig.http.only.answer(200, toVllmPage({ waiting: 5, kvUsage: 0.5 }))
  rig.serve(2000, (exchange) => exchange.answer(200, toVllmPage({ waiting: 6, kvUsage: 0.25 })))
  assert.equal(rig.columns.column(waitingQueueSize).values[slot], 5)
  assert.equal(rig.columns.column(kvCacheUtilization).values[slot], 0.25)
})

test('nothing reaches the columns for an endpoint that is gone, and its slot serves the next one', () => {
  const rig = new Rig()
  const { slot, ref } = rig.add()
  rig.wait(0)
  const { only } = rig.http
  rig.table.remove(ref)
  assert.equal(only.aborted, true)
  assert.deepEqual([rig.scraper.intervalMs(slot), rig.scraper.lastError(slot), rig.scraper.engineOf(slot)], [0, undefined, undefined])
  rig.scraper.noteActivity(slot)
  const next = rig.joined('b')
  assert.equal(next.slot, slot)
  assert.equal(rig.scraper.isStale(slot, rig.clock.nowMs(), 0), false)
})

test('a listener may remove the endpoint from within any announcement', () => {
  for (const moment of ['readinessChanged', 'restarted'] as const) {
    const rig = new Rig()
    const endpoint = rig.add()
    rig.table.subscribe({ [moment]: ({ ref }: Endpoint) => rig.table.remove(ref) })
    rig.serve(3000, (exchange) => exchange.answer(200, toVllmPage({ startedAt: 1000 + rig.http.exchanges.length })))
    assert.equal(rig.table.get(endpoint.ref), undefined)
    assert.equal(rig.columns.column(kvCacheUtilization).updatedAtMs[endpoint.slot], -Infinity)
    assert.equal(rig.clock.nextTimerAtMs(), undefined, moment)
  }
})

test('after the end nothing is in flight and no timer is left', async () => {
  const rig = new Rig()
  for (let i = 0; i < 80; i++) rig.add(`e${i}`)
  rig.wait(0)
  await rig.scraper[Symbol.asyncDispose]()
  assert.equal(rig.http.open.length, 0)
  assert.equal(rig.clock.nextTimerAtMs(), undefined)
  rig.add('late')
  rig.scraper.noteActivity(0)
  assert.equal(rig.clock.nextTimerAtMs(), undefined)
})
