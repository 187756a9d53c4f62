import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { EngineMapping } from '#/fleet/scrape/engine-mapping.ts'
import { ENGINE_MAPPINGS } from '#/fleet/scrape/engine-mappings.ts'
import { compilePagePlan } from '#/fleet/scrape/page-plan.ts'
import { PageScanner } from '#/fleet/scrape/page-scanner.ts'
import { toVllmPage } from '#/fleet/scrape/testing/vllm-page.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import type { ColumnKey, DataKey } from '#/sdk/data-key.ts'
import { cacheBlockSize, cacheNumBlocks, endpointAdapters, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'

const EVERYTHING: ReadonlySet<DataKey> = new Set([
  waitingQueueSize,
  runningRequestsSize,
  kvCacheUtilization,
  cacheBlockSize,
  cacheNumBlocks,
  endpointAdapters,
])

function createScanner(mappings = ENGINE_MAPPINGS, consumed = EVERYTHING): PageScanner {
  return new PageScanner(compilePagePlan(mappings, consumed, new ColumnStore(4)))
}

function scan(page: string | readonly (string | Buffer)[], scanner = createScanner()): PageScanner {
  scanner.reset()
  for (const chunk of typeof page === 'string' ? [page] : page) scanner.scan(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  scanner.end()
  return scanner
}

/** Undefined where the page has no usable value. */
function valueOf(scanner: PageScanner, key: ColumnKey): number | undefined {
  const entries = scanner.plan.engines[0]!.columns.filter(({ column }) => column.key === key)
  const entry = entries.find(({ cell }) => scanner.has(cell))
  return entry === undefined ? undefined : scanner.values[entry.cell]
}

function valuesOf(scanner: PageScanner): unknown {
  return {
    engine: scanner.engine(),
    values: [...scanner.values],
    samples: [...scanner.samples],
    spoilt: [...scanner.spoilt],
    adapters: scanner.adapters.map((labels) => labels && [...labels]),
    unreadable: scanner.unreadable,
  }
}

test('a page of vLLM gives every value, whatever chunk borders cut', () => {
  const page = Buffer.from(toVllmPage({ waiting: 3, running: 12, kvUsage: 0.25, blockSize: 32, numBlocks: 31_250, active: 'a,b' }))
  const whole = scan([page])
  assert.equal(whole.engine(), 0)
  const keys = [waitingQueueSize, runningRequestsSize, kvCacheUtilization, cacheBlockSize, cacheNumBlocks]
  assert.deepEqual(
    keys.map((key) => valueOf(whole, key)),
    [3, 12, 0.25, 32, 31_250],
  )
  assert.equal(whole.adapters[0]?.get('running_lora_adapters'), 'a,b')
  assert.equal(whole.unreadable, 0)
  const scanner = createScanner()
  for (let border = 0; border <= page.length; border++) {
    assert.deepEqual(valuesOf(scan([page.subarray(0, border), page.subarray(border)], scanner)), valuesOf(whole))
  }
  const bytes = Array.from(page, (byte) => Buffer.of(byte))
  assert.deepEqual(valuesOf(scan(bytes, scanner)), valuesOf(whole))
})

test('ranks of one server add up, and the fullest cache counts', () => {
  const page = [0, 1]
    .map((rank) => {
      const labels = `{engine="${rank}",model_name="m"}`
      return `vllm:num_requests_waiting${labels} ${1 + rank}\nvllm:kv_cache_usage_perc${labels} ${0.5 - rank / 4}\nvllm:cache_config_info{block_size="16",engine="${rank}",num_gpu_blocks="100"} 1\n`
    })
    .join('')
  const scanner = scan(page)
  assert.deepEqual(
    [waitingQueueSize, kvCacheUtilization, cacheBlockSize, cacheNumBlocks].map((key) => valueOf(scanner, key)),
    [3, 0.5, 16, 200],
  )
})

test('numbers are read as the format writes them; what is no count is rejected and spoils its sum', () => {
  const line = (value: string): string => `vllm:num_requests_waiting{engine="0"} ${value}\n`
  for (const [text, value] of [
    ['7', 7],
    ['1e9', 1e9],
    ['1.7636e+09', 1.7636e9],
    ['0.0', 0],
    ['3 1700000000000', 3],
    ['3\r', 3],
    ['+4', 4],
    ['.5', 0.5],
  ] as const) {
    const scanner = scan(line(text))
    assert.deepEqual([valueOf(scanner, waitingQueueSize), scanner.unreadable], [value, 0], text)
  }
  for (const text of ['NaN', '+Inf', '-Inf', 'Inf', '-1', '', 'x', '0x10', 'Infinity', '1e', '--1', '{}', '1,5']) {
    const scanner = scan(line('5') + line(text))
    assert.deepEqual([valueOf(scanner, waitingQueueSize), scanner.unreadable], [undefined, 1], text)
    assert.equal(scanner.engine(), 0)
  }
})

test('only whole series names match, and blanks stand where the format allows them', () => {
  for (const line of [
    'vllm:num_requests_waiting_total 5',
    'xvllm:num_requests_waiting 5',
    'vllm:num_requests_waitin 5',
    '# vllm:num_requests_waiting 5',
    '#vllm:num_requests_waiting 5',
    'vllm:num_requests_waiting',
    'vllm:num_requests_waiting\r',
  ]) {
    assert.equal(scan(`${line}\n`).engine(), -1, line)
  }
  for (const line of [
    'vllm:num_requests_waiting 5',
    '  vllm:num_requests_waiting\t5',
    'vllm:num_requests_waiting { a = "b" , } 5',
    'vllm:num_requests_waiting{} 5',
  ]) {
    assert.equal(valueOf(scan(line), waitingQueueSize), 5, line)
  }
})

test('label values may hold anything', () => {
  const scanner = scan(
    `vllm:num_requests_waiting{model_name="a} 9 \\"\\\\"} 2\nvllm:lora_requests_info{running_lora_adapters="ü,{x}",waiting_lora_adapters="q\\"\\nr\\\\",max_lora="2"} 1\n`,
  )
  assert.equal(valueOf(scanner, waitingQueueSize), 2)
  assert.equal(scanner.adapters[0]?.get('running_lora_adapters'), 'ü,{x}')
  assert.equal(scanner.adapters[0]?.get('waiting_lora_adapters'), 'q"\nr\\')
})

test('malformed label blocks are counted, and the page goes on', () => {
  for (const block of ['{a="b" 5', '{a="b', '{a=b} 5', '{a} 5', '{a="b"c="d"} 5']) {
    const scanner = scan(`vllm:cache_config_info${block}\nvllm:num_requests_waiting 4\n`)
    assert.equal(scanner.unreadable, 1, block)
    assert.equal(valueOf(scanner, cacheBlockSize), undefined)
    assert.equal(valueOf(scanner, waitingQueueSize), 4)
  }
})

test('of several adapter samples the newest counts, and None is no number', () => {
  const sample = (names: string, time: string): string => `vllm:lora_requests_info{running_lora_adapters="${names}"} ${time}\n`
  const scanner = scan(
    sample('old', '100') +
      sample('new', '200.5') +
      sample('older', '50') +
      'vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1\n',
  )
  assert.equal(scanner.adapters[0]?.get('running_lora_adapters'), 'new')
  assert.deepEqual([valueOf(scanner, cacheBlockSize), valueOf(scanner, cacheNumBlocks), scanner.unreadable], [16, undefined, 0])
  assert.equal(scan(sample('x', 'NaN')).adapters[0], undefined)
})

test('what nobody consumes is not kept, but still tells the engine', () => {
  const scanner = scan(toVllmPage({ waiting: 3, active: 'a' }), createScanner(ENGINE_MAPPINGS, new Set([waitingQueueSize])))
  assert.equal(valueOf(scanner, waitingQueueSize), 3)
  assert.equal(scanner.plan.engines[0]!.columns.length, 1)
  assert.deepEqual(scanner.adapters, [])
  assert.equal(scan('vllm:kv_cache_usage_perc 0.5\n', scanner).engine(), 0)
})

test('garbage harms nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (chunks) => {
      const scanner = scan(chunks.map((chunk) => Buffer.from(chunk)))
      assert.equal(scanner.engine(), -1)
    }),
    { numRuns: 100 },
  )
  assert.equal(scan('<html><body>vllm:num_requests_waiting 5</body></html>').engine(), -1)
})

test('a needed line without an end is given up, one that is not needed costs nothing', () => {
  const part = Buffer.alloc(64 * 1024, 'x')
  const scanner = createScanner()
  const endless = scan(
    ['vllm:num_requests_waiting{a="', ...Array.from({ length: 8 }, () => part), '"} 5\nvllm:num_requests_running 3\n'],
    scanner,
  )
  assert.deepEqual([endless.unreadable, valueOf(endless, waitingQueueSize), valueOf(endless, runningRequestsSize)], [1, undefined, 3])
  const skipped = scan(['other{a="', ...Array.from({ length: 8 }, () => part), '"} 5\nvllm:num_requests_running 3\n'], scanner)
  assert.deepEqual([skipped.unreadable, valueOf(skipped, runningRequestsSize)], [0, 3])
  const long = scan(['vllm:lora_requests_info{running_lora_adapters="', part, '"} 5\n'], scanner)
  assert.equal(long.adapters[0]?.get('running_lora_adapters')?.length, part.length)
})

test('another engine is one more entry, told by its own names, with label matches', () => {
  const other: EngineMapping = {
    engine: 'other',
    columns: [
      { column: waitingQueueSize, series: 'nv_requests', labels: { request_type: 'waiting' }, combine: 'sum' },
      { column: runningRequestsSize, series: 'nv_requests', labels: { request_type: 'scheduled' }, combine: 'sum' },
    ],
    restart: [{ series: 'process_start_time_seconds', restartedWhen: 'it changes' }],
  }
  const scanner = createScanner([...ENGINE_MAPPINGS, other])
  scan(
    'process_start_time_seconds 9\nnv_requests{request_type="waiting"} 4\nnv_requests{request_type="scheduled"} 2\nnv_requests{request_type="max"} 9\nnv_requests 7\n',
    scanner,
  )
  assert.equal(scanner.engine(), 1)
  const [waiting, running] = scanner.plan.engines[1]!.columns
  assert.deepEqual([scanner.values[waiting!.cell], scanner.values[running!.cell]], [4, 2])
  assert.equal(scan(toVllmPage(), scanner).engine(), 0)
  assert.equal(scan('process_start_time_seconds 9\n', scanner).engine(), -1)
})

test('any page is read as a plain parser reads it', () => {
  const name = fc.constantFrom('vllm:num_requests_waiting', 'vllm:num_requests_running', 'vllm:num_requests', 'up', '# HELP x', '')
  const labels = fc.constantFrom('', '{}', '{engine="0"}', '{model_name="a} 1"}', '{model_name="q\\"",engine="1"}')
  const number = fc.oneof(
    fc.nat({ max: 1000 }).map(String),
    fc.double({ min: 0, max: 1e12, noNaN: true }).map(String),
    fc.constantFrom('NaN', '+Inf', '-3', 'x'),
  )
  const line = fc
    .tuple(name, labels, fc.constantFrom(' ', '  ', '\t'), number, fc.constantFrom('', ' 1700000000000'))
    .map((parts) => parts.join(''))
  const page = fc.tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '')).map(([lines, end]) => lines.join('\n') + end)
  const scanner = createScanner()
  fc.assert(
    fc.property(page, fc.array(fc.nat({ max: 500 }), { maxLength: 4 }), (text, cuts) => {
      const borders = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
      scan(
        borders.slice(1).map((border, index) => text.slice(borders[index], border)),
        scanner,
      )
      for (const [key, series] of [
        [waitingQueueSize, 'vllm:num_requests_waiting'],
        [runningRequestsSize, 'vllm:num_requests_running'],
      ] as const) {
        assert.equal(valueOf(scanner, key), sumOf(text, series))
      }
    }),
    { numRuns: 300 },
  )
})

/** The plain parser: one regular expression for each line. */
function sumOf(page: string, series: string): number | undefined {
  let sum: number | undefined
  for (const line of page.split('\n')) {
    const match = /^([a-z_:]+)(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(\S+)/.exec(line)
    if (match?.[1] !== series) continue
    const value = Number(match[2])
    if (!(value >= 0 && value < Infinity)) return undefined
    sum = (sum ?? 0) + value
  }
  return sum
}
