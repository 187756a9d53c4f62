import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { ModelCatalogue } from '#/fleet/models/model-catalogue.ts'
import { NetGet } from '#/fleet/scrape/net-get.ts'
import { listenLocally } from '#/fleet/scrape/testing/local-server.ts'
import { ScriptedGet } from '#/fleet/scrape/testing/scripted-get.ts'
import type { ScriptedExchange } from '#/fleet/scrape/testing/scripted-get.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import { systemClock } from '#/lib/clock.ts'
import { createRng } from '#/lib/rng.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'

type Verdict = Awaited<ReturnType<ModelCatalogue['confirmUnknown']>>

/** A fleet and its catalogue in virtual time. */
class Rig {
  readonly clock = new VirtualClock()
  readonly table = new EndpointTable(new ColumnStore(256))
  readonly http = new ScriptedGet()
  readonly outcomes: string[] = []
  readonly catalogue = new ModelCatalogue({
    endpoints: this.table,
    http: this.http,
    clock: this.clock,
    rng: createRng(1),
    observer: { modelsRead: (endpoint, outcome, reason) => this.outcomes.push([endpoint.name, outcome, reason].join(' ').trimEnd()) },
  })

  constructor() {
    this.catalogue.start()
  }

  add(name = 'a'): Endpoint {
    return this.table.add({ namespace: 'default', name, scheme: 'http', host: '10.0.0.1', port: 8000, labels: {} })
  }

  /** A ready endpoint that was read, and listed these models. */
  serving(name: string, ...models: string[]): Endpoint {
    const endpoint = this.add(name)
    this.table.setReadiness(endpoint.ref, 'ready')
    this.http.only.answer(200, listOf(...models))
    return endpoint
  }

  serves(endpoint: Endpoint, model: string): boolean {
    return this.catalogue.serves(endpoint.slot, this.catalogue.idOf(model))
  }

  wait(ms: number): void {
    this.clock.advanceTo(this.clock.nowMs() + ms)
  }

  /** Lets time pass until somebody is asked, and returns how much; fails after half a minute. */
  waitForRead(): number {
    const startMs = this.clock.nowMs()
    while (this.http.open.length === 0) assert.ok(this.clock.runNext() && this.clock.nowMs() - startMs <= 30_000, 'nobody is asked')
    return this.clock.nowMs() - startMs
  }

  /** Asks and follows the answer as it comes. */
  ask(model: string, ...endpoints: Endpoint[]): { verdict: Verdict | undefined } {
    const asked: { verdict: Verdict | undefined } = { verdict: undefined }
    void this.catalogue
      .confirmUnknown(
        model,
        endpoints.map(({ slot }) => slot),
      )
      .then((verdict) => (asked.verdict = verdict))
    return asked
  }
}

function listOf(...models: string[]): string {
  return JSON.stringify({ object: 'list', data: models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'vllm' })) })
}

/** Lets promises settle. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('a ready endpoint is read at once, and serves what it lists', () => {
  const rig = new Rig()
  const endpoint = rig.add()
  assert.equal(rig.http.open.length, 0, 'not reached yet')
  rig.table.setReadiness(endpoint.ref, 'ready')
  assert.equal(rig.http.only.path, '/v1/models')
  assert.equal(rig.catalogue.isOpen(endpoint.slot), false, 'it may still give a list')
  rig.http.only.answer(200, listOf('base', 'adapter'))
  assert.deepEqual([rig.serves(endpoint, 'base'), rig.serves(endpoint, 'adapter'), rig.serves(endpoint, 'other')], [true, true, false])
  assert.equal(rig.catalogue.isOpen(endpoint.slot), false)
  assert.deepEqual([rig.catalogue.idOf('other'), rig.catalogue.serves(endpoint.slot, -1)], [-1, false])
  assert.deepEqual(rig.outcomes, ['a list'])
})

test('endpoints that were ready before the start are read, too', () => {
  const rig = new Rig()
  const { ref } = rig.add()
  rig.table.setReadiness(ref, 'ready')
  const http = new ScriptedGet()
  new ModelCatalogue({ endpoints: rig.table, http, clock: rig.clock, rng: createRng(1) }).start()
  assert.equal(http.open.length, 1)
})

test('lists are read again within 30 s, after a restart and after an absence', () => {
  const rig = new Rig()
  const endpoint = rig.serving('a', 'x')
  assert.ok(rig.waitForRead() >= 24_000)
  rig.http.only.answer(200, listOf('x', 'y'))
  assert.equal(rig.serves(endpoint, 'y'), true)
  rig.wait(1)
  rig.table.reportRestart(endpoint.ref)
  rig.http.only.answer(200, listOf('x'))
  assert.equal(rig.serves(endpoint, 'y'), false)
  rig.table.setReadiness(endpoint.ref, 'down')
  rig.wait(60_000)
  assert.equal(rig.http.open.length, 0)
  assert.equal(rig.serves(endpoint, 'x'), true, 'what it served is still known')
  rig.table.setReadiness(endpoint.ref, 'ready')
  rig.http.only.answer(200, listOf('z'))
  assert.deepEqual([rig.serves(endpoint, 'x'), rig.serves(endpoint, 'z')], [false, true])
})

test('a restart while a read is in flight is followed by another read', () => {
  const rig = new Rig()
  const endpoint = rig.add()
  rig.table.setReadiness(endpoint.ref, 'ready')
  rig.wait(5)
  rig.table.reportRestart(endpoint.ref)
  rig.http.only.answer(200, listOf('old'))
  rig.http.only.answer(200, listOf('new'))
  assert.equal(rig.serves(endpoint, 'new'), true)
  assert.equal(rig.http.open.length, 0)
})

test('an endpoint that never gave a list is open; one that cannot be read is not', () => {
  const cases: readonly [open: boolean, answer: (exchange: ScriptedExchange) => void][] = [
    [true, (exchange) => exchange.answer(404)],
    [true, (exchange) => exchange.answer(401)],
    [true, (exchange) => exchange.answer(501)],
    [true, (exchange) => exchange.answer(200, '<html>')],
    [true, (exchange) => exchange.answer(200, '{"data":[')],
    [false, (exchange) => exchange.answer(500)],
    [false, (exchange) => exchange.answer(503)],
    [false, (exchange) => exchange.answer(429)],
    [false, (exchange) => exchange.fail('reset')],
  ]
  for (const [open, answer] of cases) {
    const rig = new Rig()
    const { slot, ref } = rig.add()
    rig.table.setReadiness(ref, 'ready')
    answer(rig.http.only)
    assert.equal(rig.catalogue.isOpen(slot), open, rig.outcomes.join())
    rig.waitForRead()
    rig.http.only.answer(200, listOf('x'))
    assert.equal(rig.catalogue.isOpen(slot), false)
    rig.waitForRead()
    answer(rig.http.only)
    assert.deepEqual(
      [rig.catalogue.isOpen(slot), rig.catalogue.serves(slot, rig.catalogue.idOf('x'))],
      [false, true],
      'it once gave a list',
    )
  }
})

test('an unreadable list is asked for again after a few seconds', () => {
  const rig = new Rig()
  const endpoint = rig.add()
  rig.table.setReadiness(endpoint.ref, 'ready')
  rig.http.only.answer(503)
  assert.ok(rig.waitForRead() <= 5000)
  rig.http.only.answer(200, listOf('x'))
  assert.equal(rig.serves(endpoint, 'x'), true)
})

test('a hang ends after 2 s, an answer beyond 1 MiB at once', () => {
  const rig = new Rig()
  const { ref } = rig.add()
  rig.table.setReadiness(ref, 'ready')
  const { only } = rig.http
  rig.wait(1999)
  assert.equal(only.aborted, false)
  rig.wait(1)
  assert.equal(only.aborted, true)
  rig.waitForRead()
  const big = rig.http.only
  big.head(200)
  big.data('x'.repeat(1024 * 1024))
  assert.equal(big.aborted, false)
  big.data('x')
  assert.equal(big.aborted, true)
  assert.deepEqual(rig.outcomes, ['a unreadable no complete answer within 2000 ms', 'a unreadable the answer is larger than 1048576 bytes'])
})

test('no more than 32 endpoints are read at a time, and every one gets its turn', () => {
  const rig = new Rig()
  const endpoints = Array.from({ length: 100 }, (_, index) => rig.add(`e${index}`))
  for (const { ref } of endpoints) rig.table.setReadiness(ref, 'ready')
  assert.equal(rig.http.open.length, 32)
  rig.table.remove(endpoints[0]!.ref)
  rig.table.remove(endpoints[99]!.ref)
  assert.equal(rig.http.open.length, 32)
  while (rig.http.open.length > 0) {
    assert.ok(rig.http.open.length <= 32)
    rig.http.open[0]!.answer(200, listOf('x'))
  }
  assert.ok(endpoints.slice(1, 99).every((endpoint) => rig.serves(endpoint, 'x')))
})

test('a name is unknown only once every ready endpoint was read since it was asked for', async () => {
  const rig = new Rig()
  const [a, b, down] = [rig.serving('a', 'x'), rig.serving('b', 'y'), rig.add('down')]
  rig.wait(10)
  const asked = rig.ask('z', a, b, down)
  await settle()
  assert.equal(asked.verdict, undefined)
  rig.wait(0)
  assert.deepEqual(
    rig.http.open.map(({ endpoint }) => endpoint),
    [a, b],
  )
  rig.http.open[0]!.answer(200, listOf('x'))
  await settle()
  assert.equal(asked.verdict, undefined, 'one of two is not enough')
  rig.http.only.answer(200, listOf('y'))
  await settle()
  assert.equal(asked.verdict, 'unknown')
  rig.wait(500)
  const again = rig.ask('z', a, b, down)
  rig.wait(0)
  await settle()
  assert.equal(again.verdict, 'unknown', 'it is remembered')
  assert.equal(rig.http.open.length, 0)
})

test('a fresh adapter is found, and one that appears after the name was refused is found a second later', async () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.wait(10)
  const first = rig.ask('fresh', a)
  rig.wait(0)
  rig.http.only.answer(200, listOf('x'))
  await settle()
  assert.equal(first.verdict, 'unknown')
  rig.wait(1000)
  const second = rig.ask('fresh', a)
  rig.wait(0)
  rig.http.only.answer(200, listOf('x', 'fresh'))
  await settle()
  assert.equal(second.verdict, 'found')
  assert.equal(rig.serves(a, 'fresh'), true)
})

test('what is known already is found without asking, and an open endpoint may serve anything', async () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  assert.equal(await rig.catalogue.confirmUnknown('x', [a.slot]), 'found')
  const open = rig.add('open')
  rig.table.setReadiness(open.ref, 'ready')
  rig.http.only.answer(404)
  assert.equal(await rig.catalogue.confirmUnknown('anything', [a.slot, open.slot]), 'found')
  assert.equal(rig.http.open.length, 0)
})

test('a read that began before the name was asked for does not count', async () => {
  const rig = new Rig()
  const a = rig.add()
  rig.table.setReadiness(a.ref, 'ready')
  rig.wait(100)
  const asked = rig.ask('z', a)
  rig.wait(0)
  rig.http.only.answer(200, listOf('x'))
  await settle()
  assert.equal(asked.verdict, undefined)
  rig.http.only.answer(200, listOf('x', 'z'))
  await settle()
  assert.equal(asked.verdict, 'found')
  assert.equal(rig.http.open.length, 0, 'and no further read follows')
})

test('if not all could be read the answer is unreadable, and so it is with nobody ready', async () => {
  const rig = new Rig()
  const [a, b] = [rig.serving('a', 'x'), rig.serving('b', 'y')]
  rig.wait(10)
  const asked = rig.ask('z', a, b)
  rig.wait(0)
  rig.http.open[0]!.answer(200, listOf('x'))
  rig.http.only.answer(500)
  await settle()
  assert.equal(asked.verdict, 'unreadable')
  rig.table.setReadiness(a.ref, 'down')
  rig.table.setReadiness(b.ref, 'down')
  assert.equal(await rig.catalogue.confirmUnknown('z', [a.slot, b.slot]), 'unreadable')
  assert.equal(await rig.catalogue.confirmUnknown('z', []), 'unreadable')
})

test('an endpoint that leaves before it is asked is not waited for', async () => {
  const rig = new Rig()
  const [a, b] = [rig.serving('a', 'x'), rig.serving('b', 'y')]
  rig.wait(10)
  const asked = rig.ask('z', a, b)
  rig.table.setReadiness(b.ref, 'down')
  rig.wait(0)
  rig.http.only.answer(200, listOf('x'))
  await settle()
  assert.equal(asked.verdict, 'unknown')
})

test('an endpoint that leaves while it is asked is not waited for', async () => {
  for (const leave of [
    (rig: Rig, { ref }: Endpoint) => void rig.table.remove(ref),
    (rig: Rig, { ref }: Endpoint) => {
      rig.table.setReadiness(ref, 'down')
      rig.http.only.fail('reset')
    },
  ]) {
    const rig = new Rig()
    const [a, b] = [rig.serving('a', 'x'), rig.serving('b', 'y')]
    rig.wait(10)
    const asked = rig.ask('z', a, b)
    rig.wait(0)
    rig.http.open[0]!.answer(200, listOf('x'))
    leave(rig, b)
    await settle()
    assert.equal(asked.verdict, 'unknown')
  }
})

test('many callers and names cost one refresh a second', async () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.wait(10)
  const before = rig.http.exchanges.length
  const asked: { verdict: Verdict | undefined }[] = []
  for (let i = 0; i < 300; i++) {
    for (let caller = 0; caller < 3; caller++) asked.push(rig.ask(`name-${i}`, a))
    rig.wait(10)
    for (const exchange of rig.http.open) exchange.answer(200, listOf('x'))
    await settle()
  }
  assert.ok(rig.http.exchanges.length - before <= 4, `${rig.http.exchanges.length - before} reads in 3 s`)
  assert.ok(asked.every(({ verdict }) => verdict === 'unknown'))
})

test('an endpoint that did not know a model is read soon, but at most once a second', () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.wait(5000)
  const before = rig.http.exchanges.length
  for (let i = 0; i < 99; i++) {
    rig.catalogue.refreshSoon(a.slot)
    rig.wait(1)
    rig.catalogue.refreshSoon(a.slot)
    for (const exchange of rig.http.open) exchange.answer(200, listOf('x'))
    rig.wait(19)
  }
  assert.equal(rig.http.exchanges.length - before, 2)
  rig.wait(20)
  rig.http.only.answer(200, listOf('y'))
  assert.equal(rig.serves(a, 'y'), true)
  rig.catalogue.refreshSoon(200)
})

test('the list of a pool has each model of its ready endpoints once, sorted', () => {
  const rig = new Rig()
  const [a, b, c, down] = [
    rig.serving('a', 'm2', 'm1'),
    rig.serving('b', 'm2', 'adapter'),
    rig.serving('c', 'other'),
    rig.serving('d', 'gone'),
  ]
  rig.table.setReadiness(down.ref, 'down')
  const idsOf = (...endpoints: Endpoint[]): string[] => rig.catalogue.list(endpoints.map(({ slot }) => slot)).map(({ id }) => id)
  assert.deepEqual(idsOf(a, b, down), ['adapter', 'm1', 'm2'])
  assert.deepEqual(idsOf(c), ['other'])
  assert.deepEqual(idsOf(), [])
})

test('a wish for a read while one is in flight is met a second after its begin', () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.wait(5000)
  rig.catalogue.refreshSoon(a.slot)
  rig.catalogue.refreshSoon(a.slot)
  rig.http.only.answer(200, listOf('x'))
  assert.equal(rig.waitForRead(), 1000)
})

test('endpoints that were read together drift apart', () => {
  const rig = new Rig()
  for (const name of ['a', 'b', 'c']) rig.serving(name, 'x')
  const timesMs = [0, 0, 0].map(() => {
    rig.waitForRead()
    rig.http.only.answer(200, listOf('x'))
    return rig.clock.nowMs()
  })
  assert.equal(new Set(timesMs).size, 3)
})

test('a read that comes in between takes the place of the one that was due', () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.clock.advanceTo(rig.clock.nextTimerAtMs()! - 10)
  rig.table.reportRestart(a.ref)
  rig.wait(20)
  rig.http.only.answer(200, listOf('x'))
  assert.equal(rig.http.open.length, 0)
  assert.ok(rig.waitForRead() >= 24_000)
})

test('nothing is left of an endpoint that is gone, and its slot starts afresh', () => {
  const rig = new Rig()
  const a = rig.serving('a', 'x')
  rig.table.remove(a.ref)
  assert.deepEqual([rig.catalogue.idOf('x'), rig.catalogue.isOpen(a.slot)], [-1, false])
  assert.deepEqual(rig.http.forgotten, ['default/a'])
  const b = rig.serving('b', 'y')
  assert.equal(b.slot, a.slot)
  assert.deepEqual([rig.serves(b, 'x'), rig.serves(b, 'y')], [false, true])
  const open = rig.add('open')
  rig.table.setReadiness(open.ref, 'ready')
  rig.http.only.answer(404)
  rig.table.remove(open.ref)
  assert.equal(rig.catalogue.isOpen(open.slot), false)
})

test('after the end callers are answered, nothing is in flight and no timer is left', async () => {
  const rig = new Rig()
  const [a, b] = [rig.serving('a', 'x'), rig.serving('b', 'x')]
  rig.wait(10)
  const inFlight = rig.ask('z', a, b)
  rig.wait(0)
  const planned = rig.ask('other', a)
  await rig.catalogue[Symbol.asyncDispose]()
  await settle()
  assert.deepEqual([inFlight.verdict, planned.verdict], ['unreadable', 'unreadable'])
  assert.equal(rig.http.open.length, 0)
  assert.equal(rig.clock.nextTimerAtMs(), undefined)
})

test('over real sockets: lists are read, and an unknown name is refused', async () => {
  await using server = await listenLocally(
    createServer((request, response) => response.end(request.url === '/v1/models' ? listOf('base') : 'no')),
  )
  const table = new EndpointTable(new ColumnStore(4))
  await using http = new NetGet()
  await using catalogue = new ModelCatalogue({ endpoints: table, http, clock: systemClock, rng: createRng(1) })
  catalogue.start()
  const { slot, ref } = table.add({ namespace: 'default', name: 'a', scheme: 'http', host: '127.0.0.1', port: server.port, labels: {} })
  table.setReadiness(ref, 'ready')
  assert.equal(await catalogue.confirmUnknown('nothing', [slot]), 'unknown')
  assert.deepEqual(
    catalogue.list([slot]).map(({ id }) => id),
    ['base'],
  )
})
