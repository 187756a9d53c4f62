import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadResult } from '#/loadgen/load-result.ts'
import type { Measured } from './measure.ts'
import { formatReport } from './report.ts'
import { SCENARIOS } from './scenarios.ts'

function load(cpuUsPerRequest: number | undefined): LoadResult {
  const usage = { cpuCores: 0.1, cpuUsPerEvent: 0, rssStartMb: 50, rssEndMb: 60, rssPeakMb: 70 }
  return {
    loop: 'open',
    windowSeconds: 10,
    interrupted: false,
    requests: { sent: 100, ok: 99, failed: 1, incompleteStreams: 0, aborted: 0, unfinished: 0 },
    failures: { reset: 1 },
    perSecond: { requests: 500, events: 0, answerBytes: 0 },
    latencyMs: {},
    peakInFlight: 1,
    usage: { promptTokens: 0, cachedTokens: 0, completionTokens: 0 },
    endpoints: {},
    processes: cpuUsPerRequest === undefined ? {} : { gateway: { ...usage, cpuUsPerRequest } },
    machine: null,
  }
}

function scenario(name: string): (typeof SCENARIOS)[number] {
  const found = SCENARIOS.find((each) => each.name === name)
  assert.ok(found !== undefined)
  return found
}

test('rows hold medians, ranges and the ratio to haproxy', () => {
  const measured: Measured[] = [
    ...[120, 90, 100].map((cpu, repetition) => ({ scenario: 'chat-500', contender: 'headgate', repetition, load: load(cpu) })),
    ...[60, 40].map((cpu, repetition) => ({ scenario: 'chat-500', contender: 'haproxy', repetition, load: load(cpu) })),
    { scenario: 'chat-500', contender: 'direct', repetition: 0, load: load(undefined) },
  ]
  const lines = formatReport([scenario('chat-500')], ['headgate', 'haproxy', 'direct'], measured, ['a machine']).split('\n')
  assert.equal(lines[0], '- a machine')
  assert.match(lines[2]!, /^\| scenario \| aim \| through \| n \| CPU us\/request \(range\) \| x haproxy \|/)
  assert.match(lines[4]!, /\| headgate \| 3 \| 100 \(90\.0-120\) \| 2\.00 \| 500 \| - \/ - \| - \/ - \| 3 \| 70\.0 \| 0\.10, -, - \|$/)
  assert.match(lines[5]!, /\| haproxy \| 2 \| 50\.0 \(40\.0-60\.0\) \| 1\.00 \|/)
  assert.match(lines[6]!, /\| direct \| 1 \| - \| - \| 500 \|/)
})

test('memory and idle have tables of their own; what was not measured has no row', () => {
  const report = formatReport(
    [scenario('body-4500k'), scenario('idle-100'), scenario('chat-500')],
    ['headgate', 'direct'],
    [
      { scenario: 'body-4500k', contender: 'headgate', repetition: 0, load: load(1), growthBytes: 9e6 },
      { scenario: 'idle-100', contender: 'headgate', repetition: 0, idle: { cores: 0.0312, rssBytes: 90e6 } },
    ],
    ['a machine'],
  )
  assert.match(report, /\| headgate \| 1 \| 9\.00 \(9\.00-9\.00\) \| 2\.00 \| - \| 1 \|/)
  assert.match(report, /\| headgate \| 1 \| 0\.031 \(0\.031-0\.031\) \| 90\.0 \|/)
  assert.doesNotMatch(report, /direct|1 KB chat/)
})
