/** curl, the client that shows the wire: streams as they come, bodies in every form, and the methods that ask rather than order. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../suite-support/eventually.ts'
import { RunningCommand, runCommand } from '../suite-support/running-command.ts'
import { ENDLESS, MODEL, ServingFleet } from '../suite-support/serving-fleet.ts'
import { skipLoudly } from '../suite-support/skip-loudly.ts'

const MAX_BODY_BYTES = 4 * 1024 * 1024
const JSON_BODY = ['-H', 'content-type: application/json', '--data-binary', '@-']
/** No proxy and no settings of the user's, and a bound. */
const COMMON = ['--disable', '--noproxy', '*', '--silent', '--show-error', '--max-time', '20']

interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
  /** What curl says about the connection. */
  readonly trace: string
}

const lack = await runCommand('curl', ['--version']).then(
  () => undefined,
  (error: Error) => error.message,
)

describe('curl', { skip: skipLoudly('curl through the gateway', lack) }, () => {
  let fleet: ServingFleet
  let chatUrl = ''
  const chat = { model: MODEL, messages: [{ role: 'user', content: 'Well?' }], max_tokens: 20 }

  before(async () => {
    fleet = await ServingFleet.start(['--max-body-bytes', String(MAX_BODY_BYTES)])
    chatUrl = `${fleet.gateway.url}/v1/chat/completions`
  })
  after(() => fleet[Symbol.asyncDispose]())

  it('takes a whole answer, its length announced', async () => {
    const { status, fields, body } = await curl([...JSON_BODY, chatUrl], JSON.stringify(chat))
    assert.equal(status, 200)
    assert.equal(fields.get('content-length'), String(Buffer.byteLength(body)))
    assert.equal(JSON.parse(body).object, 'chat.completion')
  })

  it('shows a stream as it is made (-N)', async () => {
    const request = JSON.stringify({ ...chat, ...ENDLESS, stream: true })
    await using command = new RunningCommand('curl', [...COMMON, '--no-buffer', ...JSON_BODY, chatUrl], { input: request })
    await eventually('events come', () => command.stdout.split('\n\n').length > 5)
    assert.equal(fleet.sequences, 1)
    await command.stop()
    await fleet.untilIdle()
  })

  it('takes a stream to its end', async () => {
    const { fields, body } = await curl([...JSON_BODY, chatUrl], JSON.stringify({ ...chat, stream: true }))
    assert.match(fields.get('content-type')!, /^text\/event-stream/)
    assert.equal(fields.get('transfer-encoding'), 'chunked')
    assert.ok(body.endsWith('data: [DONE]\n\n'))
  })

  it('takes an answer over HTTP/1.0', async () => {
    const { status, body } = await curl(['--http1.0', ...JSON_BODY, chatUrl], JSON.stringify(chat))
    assert.equal(status, 200)
    assert.equal(JSON.parse(body).object, 'chat.completion')
  })

  it('waits for leave to send a large body (Expect: 100-continue)', async () => {
    const large = JSON.stringify({ ...chat, metadata: { padding: 'x'.repeat(3 * 1024 * 1024) } })
    const { status, trace } = await curl(
      ['--verbose', '-H', 'expect: 100-continue', '--expect100-timeout', '15', ...JSON_BODY, chatUrl],
      large,
    )
    assert.match(trace, /^< HTTP\/1\.1 100 Continue/m)
    assert.equal(status, 200)
  })

  it('is refused a body that is too large before it sends it', async () => {
    const large = 'x'.repeat(MAX_BODY_BYTES + 1)
    const options = ['-H', 'expect: 100-continue', '--expect100-timeout', '15', '--write-out', '%{stderr}sent %{size_upload}']
    const { status, body, trace } = await curl([...options, ...JSON_BODY, chatUrl], large)
    assert.deepEqual([status, JSON.parse(body).error.code], [413, 'body_too_large'])
    assert.match(trace, /sent 0$/)
  })

  it('sends a body in chunks of no announced length', async () => {
    const chunked = ['-H', 'transfer-encoding: chunked']
    const padded = JSON.stringify({ ...chat, metadata: { padding: 'x'.repeat(1024 * 1024) } })
    assert.equal((await curl([...chunked, ...JSON_BODY, chatUrl], padded)).status, 200)
    const { status, body } = await curl([...chunked, ...JSON_BODY, chatUrl], 'x'.repeat(MAX_BODY_BYTES + 1))
    assert.deepEqual([status, JSON.parse(body).error.code], [413, 'body_too_large'])
  })

  it('asks for the head alone', async () => {
    const modelsUrl = `${fleet.gateway.url}/v1/models`
    const { body } = await curl([modelsUrl])
    const head = await curl(['--head', modelsUrl])
    assert.deepEqual([head.status, head.fields.get('content-length'), head.body], [200, String(Buffer.byteLength(body)), ''])
    const refused = await curl(['--head', chatUrl])
    assert.equal(refused.status, 405)
    assert.match(refused.fields.get('allow')!, /POST/)
  })

  it('asks for the methods', async () => {
    const { status, fields } = await curl(['--request', 'OPTIONS', chatUrl])
    assert.equal(status, 204)
    assert.match(fields.get('allow')!, /POST/)
  })

  it('sends several requests over one connection, refusals among them', async () => {
    const next = (url: string): string[] => [
      '--next',
      ...COMMON,
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code} %{num_connects}\n',
      url,
    ]
    const urls = ['/v1/models', '/v1/nothing', '/v1/models/nothing', '/v1/chat/completions', '/v1/models']
    const { stdout } = await runCommand('curl', urls.flatMap((path) => next(fleet.gateway.url + path)).slice(1))
    assert.deepEqual(stdout.trim().split('\n'), ['200 1', '404 0', '404 0', '405 0', '200 0'])
  })
})

async function curl(args: readonly string[], input = ''): Promise<Answer> {
  const { code, stdout, stderr } = await runCommand('curl', [...COMMON, '--include', ...args], { input })
  assert.equal(code, 0, stderr)
  let rest = stdout
  let head = ''
  // An interim answer has a head too.
  while (rest.startsWith('HTTP/')) {
    const end = rest.indexOf('\r\n\r\n')
    head = rest.slice(0, end)
    rest = rest.slice(end + 4)
  }
  const [statusLine = '', ...lines] = head.split('\r\n')
  const fields = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return { status: Number(statusLine.split(' ')[1]), fields: new Map(fields), body: rest, trace: stderr }
}
