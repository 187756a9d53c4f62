import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { NO_FAULTS } from '#/sim/http/faults.ts'
import { post, postJson, QUICK_ENGINE, startQuick, STUCK_ENGINE, until } from '#/sim/http/test-client.ts'
import type { ReplicaServer } from '#/sim/http/replica-server.ts'

const BODY = { prompt: 'x'.repeat(256), max_tokens: 20, ignore_eos: true }

function held({ engine }: ReplicaServer): number {
  return engine.runningCount + engine.waitingCount + engine.usedBlocks + engine.adapterUserCount
}

describe('a client that leaves', () => {
  for (const stream of [true, false]) {
    it(`gives everything back, ${stream ? 'streaming' : 'not streaming'}`, async () => {
      await using simulators = await startQuick({ engine: { ...STUCK_ENGINE, maxNumSeqs: 1 } })
      const [replica] = simulators.replicas
      const leave = new AbortController()
      const answers = ['sql-adapter', 'base-model'].map((model) =>
        post(`${replica!.url}/v1/completions`, { ...BODY, model, n: 2, stream }, {}, leave.signal).then(
          (response) => response.text(),
          () => undefined,
        ),
      )
      await until(() => replica!.engine.runningCount + replica!.engine.waitingCount === 4)
      leave.abort()
      await Promise.allSettled(answers)
      await until(() => held(replica!) === 0)
      const page = await (await fetch(`${replica!.url}/metrics`)).text()
      assert.match(page, /finished_reason="abort",model_name="base-model"\} 4\.0/)
    })
  }
})

describe('every answer', () => {
  it('names its replica', async () => {
    await using simulators = await startQuick({ replicas: 2 })
    for (const { url, port } of simulators.replicas) {
      for (const path of ['/health', '/version', '/nowhere', '/v1/completions']) {
        const response = await fetch(url + path)
        assert.equal(response.headers.get('x-sim-replica'), String(port))
        await response.text()
      }
    }
  })

  it('is plain for health, JSON for the version, and a 404 or 405 elsewhere', async () => {
    await using simulators = await startQuick()
    const [url] = simulators.urls
    const health = await fetch(`${url}/health?x=1`)
    assert.deepEqual([health.status, await health.text()], [200, ''])
    assert.match(await (await fetch(`${url}/version`)).text(), /^\{"version":"\d/)
    const missing = await fetch(`${url}/nowhere`)
    assert.deepEqual([missing.status, await missing.text()], [404, '{"detail":"Not Found"}'])
    const wrong = await fetch(`${url}/v1/completions`)
    assert.deepEqual([wrong.status, wrong.headers.get('allow'), await wrong.text()], [405, 'POST', '{"detail":"Method Not Allowed"}'])
  })
})

describe('a replica', () => {
  it('stops like a process: what is in flight is dropped, the port is closed', async () => {
    await using simulators = await startQuick({ engine: STUCK_ENGINE })
    const [replica] = simulators.replicas
    const { engine } = replica!
    const answer = post(`${replica!.url}/v1/completions`, { ...BODY, stream: true }).then((response) => response.text())
    await until(() => engine.runningCount === 1)
    const stopped = replica!.stop()
    assert.equal(held(replica!), 0)
    await assert.rejects(answer)
    await stopped
    assert.equal(replica!.isListening, false)
    await assert.rejects(fetch(`${replica!.url}/health`))
    await replica!.stop()
  })

  it('starts again on its port with a cold cache and counters at zero', async () => {
    await using simulators = await startQuick()
    const [replica] = simulators.replicas
    const { url } = replica!
    // The client is not to keep a connection that the restart closes.
    const once = { connection: 'close' }
    await (await post(`${url}/v1/completions`, BODY, once)).text()
    await (await post(`${url}/v1/load_lora_adapter`, { lora_name: 'new', lora_path: '/x' }, once)).text()
    assert.ok(replica!.engine.cachedBlocks > 0)
    await replica!.restart()
    assert.equal(replica!.url, url)
    assert.equal(replica!.engine.cachedBlocks, 0)
    assert.match(await (await fetch(`${url}/metrics`)).text(), /vllm:prompt_tokens_total\{[^}]*\} 0\.0/)
    const models = await (await fetch(`${url}/v1/models`)).text()
    assert.ok(models.includes('sql-adapter'))
    assert.ok(!models.includes('"new"'))
  })
})

describe('faults', () => {
  it('error: a 500 in the shape of the API', async () => {
    await using simulators = await startQuick({ faults: { ...NO_FAULTS, errorRate: 1 } })
    const [url] = simulators.urls
    const openai = await post(`${url}/v1/completions`, BODY)
    assert.deepEqual([openai.status, JSON.parse(await openai.text()).error.type], [500, 'InternalServerError'])
    const anthropic = await post(`${url}/v1/messages`, {})
    assert.deepEqual([anthropic.status, JSON.parse(await anthropic.text()).error.type], [500, 'api_error'])
    assert.equal((await fetch(`${url}/v1/models`)).status, 200)
  })

  it('do not strike replicas in step', async () => {
    await using simulators = await startQuick({ replicas: 2, faults: { ...NO_FAULTS, errorRate: 0.5 } })
    const statuses = await Promise.all(
      simulators.urls.map(async (url) => {
        const seen: number[] = []
        for (let i = 0; i < 20; i++) seen.push((await post(`${url}/v1/completions`, { ...BODY, max_tokens: 1 })).status)
        return seen.join()
      }),
    )
    assert.notEqual(statuses[0], statuses[1])
  })

  it('reset: the connection breaks amid the answer', async () => {
    await using simulators = await startQuick({ faults: { ...NO_FAULTS, resetRate: 1 } })
    const [replica] = simulators.replicas
    const stream = await post(`${replica!.url}/v1/completions`, { ...BODY, stream: true })
    assert.equal(stream.status, 200)
    await assert.rejects(stream.text())
    await assert.rejects(post(`${replica!.url}/v1/completions`, BODY))
    await until(() => held(replica!) === 0)
  })

  it('crash-after: the next request takes the replica down', async () => {
    await using simulators = await startQuick({ faults: { ...NO_FAULTS, crashAfter: 2 } })
    const [replica] = simulators.replicas
    for (let i = 0; i < 2; i++) await postJson(`${replica!.url}/v1/completions`, BODY)
    await assert.rejects(post(`${replica!.url}/v1/completions`, BODY))
    await until(() => !replica!.isListening)
    await assert.rejects(fetch(`${replica!.url}/health`))
    await replica!.restart()
    await postJson(`${replica!.url}/v1/completions`, BODY)
  })

  it('latency and slow-metrics: wait on the clock, each on its own paths', async () => {
    const clock = new VirtualClock()
    await using simulators = await startQuick({ clock, faults: { ...NO_FAULTS, latencyMs: 1000, slowMetricsMs: 50 } })
    const [url] = simulators.urls
    const slow = post(`${url}/v1/completions`, { ...BODY, max_tokens: 1 })
    await until(() => clock.nextTimerAtMs() === 1000)
    const page = fetch(`${url}/metrics`)
    await until(() => clock.nextTimerAtMs() === 50)
    assert.equal((await fetch(`${url}/v1/models`)).status, 200)
    clock.advanceTo(50)
    assert.equal((await page).status, 200)
    assert.equal(simulators.replicas[0]?.engine.runningCount, 0)
    clock.advanceTo(1000)
    await until(() => clock.nextTimerAtMs() !== undefined)
    clock.advanceTo(2000)
    assert.equal((await slow).status, 200)
  })

  it('hang: no answer, and nothing is computed', async () => {
    await using simulators = await startQuick({ faults: { ...NO_FAULTS, hangRate: 1 } })
    const [replica] = simulators.replicas
    const leave = new AbortController()
    const hanging = post(`${replica!.url}/v1/completions`, BODY, {}, leave.signal)
    // Requests after it are answered, and it is still open.
    for (let i = 0; i < 3; i++) assert.equal((await fetch(`${replica!.url}/health`)).status, 200)
    assert.equal(await Promise.race([hanging, Promise.resolve('open')]), 'open')
    assert.equal(replica!.engine.counters.steps, 0)
    leave.abort()
    await assert.rejects(hanging)
  })
})

it('the engine lives by the clock that it is given, and so do the times on its metrics page', async () => {
  const clock = new VirtualClock()
  const engine = { ...QUICK_ENGINE, maxNumSeqs: 1, stepTime: { ...QUICK_ENGINE.stepTime, baseMs: 100 } }
  await using simulators = await startQuick({ clock, engine })
  const [replica] = simulators.replicas
  const answers = [1, 2].map(async (inFlight) => {
    await until(() => replica!.engine.runningCount + replica!.engine.waitingCount === inFlight - 1)
    return postJson(`${replica!.url}/v1/completions`, { ...BODY, max_tokens: 3 })
  })
  await until(() => replica!.engine.waitingCount === 1)
  clock.advanceTo(299)
  assert.equal(replica!.engine.counters.generationTokens, 2)
  clock.advanceTo(600)
  await Promise.all(answers)
  const page = await (await fetch(`${replica!.url}/metrics`)).text()
  const seconds = ['e2e_request_latency', 'time_to_first_token', 'request_queue_time'].map((name) =>
    Number(new RegExp(`^vllm:${name}_seconds_sum\\{.*\\} (.*)$`, 'm').exec(page)?.[1]).toFixed(3),
  )
  assert.deepEqual(seconds, ['0.900', '0.500', '0.300'])
})
