/** Servers that come, go and learn, while a real client sends requests: nobody notices but those whose answer was on its way. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import OpenAI, { APIError, NotFoundError } from 'openai'
import type { EndpointView } from '#/admin/fleet-view.ts'
import type { ReplicaServer } from '#/sim/http/replica-server.ts'
import { eventually } from '../suite-support/eventually.ts'
import { failureOf } from '../suite-support/failure-of.ts'
import { GatewayProcess } from '../suite-support/gateway-process.ts'
import { ENDLESS, MODEL, ServingFleet, startTestServers } from '../suite-support/serving-fleet.ts'

const ENDPOINT_FIELD = 'x-headgate-endpoint'

describe('a fleet that changes', () => {
  it('loses a server: its answers break off visibly, everything else succeeds, and the server that comes back is used', async () => {
    await using fleet = await ServingFleet.start()
    const [doomed, other] = fleet.servers.replicas
    const client = clientOf(fleet.gateway)
    const streams: StartedStream[] = []
    while (streams.length < 12 || new Set(streams.map(({ server }) => server)).size < 2) {
      streams.push(await startStream(client, `stream ${streams.length}`, 1500))
    }
    const outcomes = streams.map(async ({ server, text }) => ({ server, isWhole: await text.then(() => true, isBrokenOff) }))
    await doomed!.stop()
    for (const { server, isWhole } of await Promise.all(outcomes)) assert.equal(isWhole, server === addressOf(other!))
    for (let i = 0; i < 20; i++) assert.equal(await serverOf(client, `after ${i}`), addressOf(other!))

    await doomed!.restart()
    await readinessOf(fleet.gateway, doomed!, 'ready')
    await eventually('the server is used again', async () => (await serverOf(client, `later ${Math.random()}`)) === addressOf(doomed!))
    await fleet.untilIdle()
  })

  it('loses a server that the gateway still believes in: requests go to the next one', async () => {
    await using fleet = await ServingFleet.start()
    const [doomed, other] = fleet.servers.replicas
    const client = clientOf(fleet.gateway)
    const burst = (name: string): Promise<(string | null)[]> =>
      Promise.all(Array.from({ length: 16 }, (_, i) => serverOf(client, `${name} ${i}`)))
    // Leaves idle connections to both.
    await burst('before')
    await doomed!.stop()
    assert.deepEqual(new Set(await burst('at once')), new Set([addressOf(other!)]))
  })

  it('has a server that is down at the start: it is shown, and joins when it comes', async () => {
    await using servers = await startTestServers()
    const [early, late] = servers.replicas
    await late!.stop()
    await using gateway = await GatewayProcess.start(servers.urls)
    await gateway.untilReady()
    const { reason } = await readinessOf(gateway, late!, 'down')
    assert.match(reason!, /ECONNREFUSED|refused/i)
    const client = clientOf(gateway)
    assert.equal(await serverOf(client, 'early'), addressOf(early!))
    await late!.start()
    await readinessOf(gateway, late!, 'ready')
    await eventually('the server is used', async () => (await serverOf(client, `late ${Math.random()}`)) === addressOf(late!))
  })

  it('has no server at all: a client that retries as it is told is served by the first that comes', async () => {
    await using servers = await startTestServers({ replicas: 1 })
    await servers.replicas[0]!.stop()
    await using gateway = await GatewayProcess.start(servers.urls)
    const patient = new OpenAI({ apiKey: 'unused', baseURL: `${gateway.url}/v1`, maxRetries: 8 })
    const answer = serverOf(patient, 'whenever')
    await eventually('it was refused', async () => (await gateway.metrics()).includes('llm_d_epp_request_error_total{'))
    await servers.replicas[0]!.start()
    assert.equal(await answer, addressOf(servers.replicas[0]!))
  })

  it('is given an adapter at run time: the first request for it is served where it is', async () => {
    await using fleet = await ServingFleet.start()
    const client = clientOf(fleet.gateway)
    for (const [i, replica] of fleet.servers.replicas.entries()) {
      const name = `fresh-${i}`
      await changeAdapters(replica, 'load', { lora_name: name, lora_path: '/adapters/fresh' })
      assert.equal(await serverOf(client, 'first', name), addressOf(replica))
      assert.equal((await client.models.retrieve(name)).id, name)
    }
  })

  it('has an adapter taken away: its name is unknown again', async () => {
    await using fleet = await ServingFleet.start([], { adapters: ['passing'], replicas: 1 })
    const client = clientOf(fleet.gateway)
    const [replica] = fleet.servers.replicas
    assert.equal(await serverOf(client, 'still there', 'passing'), addressOf(replica!))
    await changeAdapters(replica!, 'unload', { lora_name: 'passing' })
    await failureOf(NotFoundError, client.chat.completions.create({ model: 'passing', messages: [{ role: 'user', content: 'gone' }] }))
    await eventually('it is listed no longer', async () => !(await client.models.list()).data.some(({ id }) => id === 'passing'))
  })
})

function clientOf(gateway: GatewayProcess): OpenAI {
  return new OpenAI({ apiKey: 'unused', baseURL: `${gateway.url}/v1`, maxRetries: 0 })
}

function addressOf({ port }: ReplicaServer): string {
  return `127.0.0.1:${port}`
}

/** Which server answered. */
async function serverOf(client: OpenAI, content: string, model = MODEL): Promise<string | null> {
  const request = { model, messages: [{ role: 'user' as const, content }], max_tokens: 4 }
  return (await client.chat.completions.create(request).withResponse()).response.headers.get(ENDPOINT_FIELD)
}

async function changeAdapters({ url }: ReplicaServer, verb: 'load' | 'unload', adapter: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1/${verb}_lora_adapter`, { method: 'POST', headers, body: JSON.stringify(adapter) })
  assert.equal(response.status, 200, await response.text())
}

interface StartedStream {
  readonly server: string | null
  /** The whole answer. */
  readonly text: Promise<string>
}

async function startStream(client: OpenAI, content: string, tokens: number): Promise<StartedStream> {
  const request = { model: MODEL, messages: [{ role: 'user' as const, content }], ...ENDLESS, max_tokens: tokens, stream: true as const }
  const { data, response } = await client.chat.completions.create(request).withResponse()
  const read = async (): Promise<string> => {
    let text = ''
    for await (const { choices } of data) text += choices[0]?.delta.content ?? ''
    return text
  }
  return { server: response.headers.get(ENDPOINT_FIELD), text: read() }
}

/** False for the error of a broken answer; any other one is thrown on. */
function isBrokenOff(error: unknown): boolean {
  assert.ok(error instanceof APIError, String(error))
  assert.match(error.message, /broke off within its answer/)
  return false
}

function readinessOf(gateway: GatewayProcess, replica: ReplicaServer, readiness: string): Promise<EndpointView> {
  return eventually(`${replica.url} is ${readiness}`, async () => {
    const { endpoints } = await gateway.fleet()
    return endpoints.find((endpoint) => endpoint.address === addressOf(replica) && endpoint.readiness === readiness)
  })
}
