import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { Command, CommanderError } from 'commander'
import { benchCommand } from '#/commands/bench.ts'

interface Ran {
  readonly out: string
  readonly err: string
  readonly exitCode: number
}

async function bench(...args: string[]): Promise<Ran> {
  let out = ''
  let err = ''
  let exitCode = 0
  const group = benchCommand()
  for (const command of [group, ...group.commands]) {
    command.exitOverride().configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) })
  }
  try {
    await new Command('headgate').addCommand(group).parseAsync(['bench', ...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    ;({ exitCode } = error)
  }
  return { out, err, exitCode }
}

async function withServer(run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume()
    if (request.url === '/v1/models') response.end('{"data":[{"id":"tiny"}]}')
    else if (request.url === '/v1/chat/completions') response.end('{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}')
    else response.writeHead(404).end('no')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    await run(`http://127.0.0.1:${address.port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('help shows options and examples', async () => {
  const { out } = await bench('load', '--help')
  assert.match(out, /Usage: headgate bench load \[options\] <url\.\.\.>/)
  assert.match(out, /--abort-share/)
  assert.match(out, /Examples:/)
})

test('a run prints a table, or one line of JSON', async () => {
  await withServer(async (url) => {
    const table = await bench('load', url, '--limit', '20', '--warmup', '0', '--concurrency', '2')
    assert.equal(table.exitCode, 0)
    assert.match(
      table.err,
      /chat with model tiny\n2 in flight for 10 s after 0 s of warm-up; 1000-byte bodies in 50 groups that share \d+ bytes/,
    )
    assert.match(table.out, /requests {4}20 in .*: 20 ok\n/)
    const json = await bench('load', url, '--limit', '20', '--warmup', '0', '--rate', '1000', '--json')
    assert.equal(json.err, '')
    assert.equal(json.out.trimEnd().split('\n').length, 1)
    const result: { loop: string; requests: { ok: number } } = JSON.parse(json.out)
    assert.deepEqual([result.loop, result.requests.ok], ['open', 20])
  })
})

test('a synthetic trace runs to its end', async () => {
  await withServer(async (url) => {
    const { out, err } = await bench('load', url, '--trace', 'synthetic', '--limit', '15', '--speed', '1000')
    assert.match(err, /15 requests of a synthetic trace/)
    assert.match(out, /15 ok/)
  })
})

test('no success is a failure', async () => {
  await withServer(async (url) => {
    const { exitCode, out, err } = await bench('load', url, '--limit', '3', '--warmup', '0', '--api', 'completions')
    assert.equal(exitCode, 1)
    assert.match(out, /3 status 404\nfirst bad {3}404: no/)
    assert.match(err, /no request succeeded/)
  })
})

test('wrong usage is told with the way out', async () => {
  for (const [args, message] of [
    [['--trace', 'x.jsonl', '--rate', '5'], /--trace brings its own arrivals/],
    [['--speed', '2'], /--speed needs --trace/],
    [['--fixed'], /--fixed needs --rate/],
    [['--duration', '0'], /--duration must be longer than 0/],
    [['--model', 'm', '--body-bytes', '10'], /a body of 10 bytes is too small/],
  ] as const) {
    const { exitCode, err } = await bench('load', 'http://127.0.0.1:1', ...args)
    assert.match(err, message)
    assert.equal(exitCode, 2, err)
  }
  for (const [args, message] of [
    [['--rate', '-1'], /a number above 0/],
    [['--abort-share', '2'], /from 0 to 1/],
    [['--pid', 'gateway'], /name=PID/],
    [['--pid', 'load=1'], /the load generator itself/],
    [['--header', 'a: b\r\nc: d'], /printable ASCII/],
  ] as const) {
    assert.match((await bench('load', 'http://127.0.0.1:1', ...args)).err, message)
  }
})

test('a target or a trace that cannot be used is named', async () => {
  let gone = ''
  await withServer(async (url) => {
    gone = url
  })
  for (const [args, message] of [
    [['http://192.0.2.1'], /not this machine/],
    [[gone], /cannot read http:\/\/127\.0\.0\.1:\d+\/v1\/models: nothing listens there/],
    [['http://127.0.0.1:1', '--model', 'm', '--trace', '/no/such/trace.jsonl'], /cannot read the trace \/no\/such\/trace\.jsonl/],
  ] as const) {
    const { exitCode, err } = await bench('load', ...args)
    assert.match(err, message)
    assert.equal(exitCode, 1)
  }
})
