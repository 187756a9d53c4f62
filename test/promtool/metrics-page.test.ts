/** What Prometheus' own linter says about the metrics page, before the first request and after many kinds of them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fetchDebianProgram } from '../suite-support/debian-program.ts'
import { eventually } from '../suite-support/eventually.ts'
import { runCommand } from '../suite-support/running-command.ts'
import { ADAPTER, ENDLESS, MODEL, ServingFleet } from '../suite-support/serving-fleet.ts'
import { skipLoudly } from '../suite-support/skip-loudly.ts'

let promtool = ''
const lack = await fetchDebianProgram('prometheus', 'usr/bin/promtool').then(
  (path) => void (promtool = path),
  (error: Error) => error.message,
)

describe('promtool check metrics', { skip: skipLoudly('promtool check metrics', lack) }, () => {
  let fleet: ServingFleet

  before(async () => {
    fleet = await ServingFleet.start(['--max-requests', '4'])
  })
  after(() => fleet[Symbol.asyncDispose]())

  it('finds fault with a page that is wrong', async () => {
    const { complaints } = await check('# HELP llm_d_epp_requests Requests.\n# TYPE llm_d_epp_requests counter\nllm_d_epp_requests 1\n')
    assert.deepEqual(complaints, ['llm_d_epp_requests counter metrics should have "_total" suffix'])
    assert.equal((await check('no metric at all\n')).code, 1)
  })

  it('finds nothing in the page of an idle gateway', async () => {
    assertSound(await check(await fleet.gateway.metrics()))
  })

  it('finds nothing after chats, streams, embeddings, errors and requests that were given up', async () => {
    await serveAllKinds(fleet)
    const page = await fleet.gateway.metrics()
    for (const name of ['request_total', 'request_error_total', 'request_ttft_seconds_bucket', 'request_streaming_itl_seconds_bucket']) {
      assert.match(page, new RegExp(`^llm_d_epp_${name}\\{`, 'm'))
    }
    for (const reason of ['model_not_found', 'malformed_json', 'too_many_requests', 'http_400'])
      assert.ok(page.includes(`error_code="${reason}"`), reason)
    assertSound(await check(page))
  })
})

/**
 * The prefix of the reference endpoint picker's metrics trips one rule of the linter, whatever follows: it reads the `d` of `llm_d_epp_` as an
 * abbreviation of days. The names are a contract, so that complaint about them is not one about us.
 */
const ABOUT_THE_PREFIX = /^llm_d_epp_\w+ metric names should not contain abbreviated units$/

const EXIT_SOUND = 0
const EXIT_LINT = 3

interface Verdict {
  readonly code: number | null
  readonly complaints: readonly string[]
}

async function check(page: string): Promise<Verdict> {
  const { code, stdout, stderr } = await runCommand(promtool, ['check', 'metrics'], { input: page })
  const lines = (stdout + stderr).split('\n').filter((line) => line !== '')
  return { code, complaints: lines.filter((line) => !ABOUT_THE_PREFIX.test(line)) }
}

function assertSound({ code, complaints }: Verdict): void {
  assert.deepEqual(complaints, [])
  assert.ok(code === EXIT_SOUND || code === EXIT_LINT, `promtool ended with ${code}`)
}

/** One request of each kind that leaves its own traces. */
async function serveAllKinds(fleet: ServingFleet): Promise<void> {
  const { url } = fleet.gateway
  const messages = [{ role: 'user', content: 'Well? "quoted" \\ \n' }]
  const chat = { model: MODEL, messages, max_tokens: 10 }
  const statuses: number[] = []
  const send = async (path: string, body: unknown): Promise<void> => {
    const response = await post(url + path, body)
    await response.text()
    statuses.push(response.status)
  }
  await send('/v1/chat/completions', chat)
  await send('/v1/chat/completions', { ...chat, stream: true, stream_options: { include_usage: true } })
  await send('/v1/chat/completions', { ...chat, model: ADAPTER })
  await send('/v1/messages', chat)
  await send('/v1/embeddings', { model: MODEL, input: 'Well?' })
  await send('/v1/completions', { model: MODEL, prompt: 'Well?', max_tokens: 1_000_000 })
  await send('/v1/chat/completions', { ...chat, model: 'nobody "\n\\' })
  await send('/v1/chat/completions', '{"model":')

  const abort = new AbortController()
  const endless = Array.from({ length: 4 }, () => post(`${url}/v1/chat/completions`, { ...chat, ...ENDLESS, stream: true }, abort.signal))
  await Promise.all(endless)
  await eventually('the engines are at work', () => fleet.sequences === 4)
  await send('/v1/chat/completions', chat)
  abort.abort()
  await fleet.untilIdle()
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 400, 404, 400, 429])
}

function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: text,
    ...(signal === undefined ? {} : { signal }),
  })
}
