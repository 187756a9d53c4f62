import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createRng } from '#/lib/rng.ts'
import { syntheticTrace } from '#/loadgen/synthetic-trace.ts'
import { readTrace, spreadClumps, TraceError } from '#/loadgen/trace-reader.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-trace-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(content) : content)
  return path
}

function mooncake(records: readonly TraceRecord[]): string {
  return records
    .map(({ atMs, inputTokens, outputTokens, blockIds }) =>
      JSON.stringify({ timestamp: atMs, input_length: inputTokens, output_length: outputTokens, hash_ids: blockIds }),
    )
    .join('\n')
}

function at(atMs: number): TraceRecord {
  return { atMs, inputTokens: 600, outputTokens: 5, blockIds: [0, 1] }
}

test('a Mooncake trace is read, plain and gzipped', async () => {
  const records = syntheticTrace({ requests: 200, requestsPerSecond: 4, rng: createRng(5) })
  const text = mooncake(records)
  for (const name of ['trace.jsonl', 'trace.jsonl.gz']) assert.deepEqual(await readTrace(file(name, text)), spreadClumps(records))
})

test('an Azure trace is read with its sub-millisecond times and its CR LF', async () => {
  const text = 'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319604,3180,8'
  for (const name of ['trace.csv', 'trace.csv.gz']) {
    const [first, second, ...rest] = await readTrace(file(name, text))
    assert.deepEqual([first?.inputTokens, first?.outputTokens, first?.blockIds, rest.length], [4808, 10, undefined, 0])
    assert.ok(Math.abs(second!.atMs - first!.atMs - 52.0004) < 0.001)
  }
})

test('a clump is spread evenly up to the next time, the last one like the step before', () => {
  const times = spreadClumps([at(0), at(0), at(0), at(3000), at(4000), at(4000)]).map((record) => record.atMs)
  assert.deepEqual(times, [0, 1000, 2000, 3000, 4000, 4500])
  assert.deepEqual(
    spreadClumps([at(7), at(7)]).map((record) => record.atMs),
    [7, 7],
  )
})

test('a limit inside a clump does not change its pace', async () => {
  const path = file('clumps.jsonl', mooncake([at(0), at(0), at(0), at(3000), at(6000)]))
  const times = async (limit: number): Promise<number[]> => (await readTrace(path, limit)).map((record) => record.atMs)
  assert.deepEqual(await times(2), [0, 1000])
  assert.deepEqual(await times(3), [0, 1000, 2000])
  assert.deepEqual(await times(4), [0, 1000, 2000, 3000])
  assert.equal((await readTrace(path)).length, 5)
})

test('what lies behind the limit is not read', async () => {
  const path = file('broken-later.jsonl', `${mooncake([at(0), at(1000), at(2000)])}\nnot a request`)
  assert.equal((await readTrace(path, 2)).length, 2)
})

test('errors name the file and the line', async () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['garbage.jsonl', `${mooncake([at(0)])}\nhello`, /garbage\.jsonl:2: not a request/],
    ['fields.jsonl', '{"timestamp":0,"input_length":"many","output_length":1}', /fields\.jsonl:1: not a request/],
    ['ids.jsonl', '{"timestamp":0,"input_length":1,"output_length":1,"hash_ids":[-1]}', /ids\.jsonl:1/],
    ['row.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16,1,2', /row\.csv:2/],
    ['back.jsonl', mooncake([at(5), at(4)]), /back\.jsonl:2: time goes back from 5 to 4 ms/],
    ['empty.jsonl', '\n', /no requests/],
  ]
  for (const [name, content, message] of cases) await assert.rejects(readTrace(file(name, content)), message)
  await assert.rejects(readTrace(join(folder, 'absent.jsonl.gz')), { constructor: TraceError, message: /cannot read the trace .*ENOENT/ })
  writeFileSync(join(folder, 'plain.jsonl.gz'), 'not gzip')
  await assert.rejects(readTrace(join(folder, 'plain.jsonl.gz')), /cannot read the trace/)
})
