import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatLoadReport } from '#/loadgen/load-report.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'

const summary = { count: 95, mean: 12.345, p50: 10, p90: 20, p95: 25, p99: 30, max: 31.5 }

const result: LoadResult = {
  loop: 'open',
  windowSeconds: 10,
  interrupted: false,
  requests: { sent: 100, ok: 95, failed: 3, incompleteStreams: 1, aborted: 0, unfinished: 1 },
  failures: { 'status 503': 2, reset: 1 },
  firstBadAnswer: '503: {"error":\n {}}',
  perSecond: { requests: 9.9, events: 317, answerBytes: 2_500_000 },
  latencyMs: { ttft: summary, e2e: summary, lateness: summary },
  peakInFlight: 12,
  usage: { promptTokens: 1000, cachedTokens: 250, completionTokens: 320 },
  endpoints: { '10.0.0.1:8000': 57, '10.0.0.2:8000': 38 },
  processes: {
    gateway: { cpuCores: 0.125, cpuUsPerRequest: 87.5, cpuUsPerEvent: 3.2, rssStartMb: 90, rssEndMb: 95, rssPeakMb: 101.25 },
    gone: null,
  },
  machine: { busyCores: 1, otherCores: 0.5, stolenCores: 0 },
}

test('the report says what happened, what it took, and where it went', () => {
  assert.equal(
    formatLoadReport(result),
    `requests    100 in 10.0 s: 95 ok, 3 failed, 1 streams without [DONE], 1 unfinished
throughput  9.90 requests/s, 317 events/s, 2.50 MB/s; at most 12 in flight
tokens      1000 in, of which 25.0% cached; 320 out
failures    2 status 503, 1 reset
first bad   503: {"error": {}}
machine     0.50 cores busy with other things

ms                 mean        p50        p90        p95        p99        max
TTFT              12.35      10.00      20.00      25.00      30.00      31.50
E2E               12.35      10.00      20.00      25.00      30.00      31.50
sent late         12.35      10.00      20.00      25.00      30.00      31.50

endpoint                  requests
10.0.0.1:8000                   57  60.0%
10.0.0.2:8000                   38  40.0%

process       CPU cores us/request   us/event     RSS MB    peak MB
gateway           0.125       87.5        3.2       95.0      101.3
gone            unknown
`,
  )
})

test('a closed loop has no schedule to be late for', () => {
  assert.doesNotMatch(formatLoadReport({ ...result, loop: 'closed' }), /sent late/)
})

test('many endpoints are cut short', () => {
  const endpoints = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`e${i}`, 1]))
  assert.match(formatLoadReport({ ...result, endpoints }), /\.\.\. and 5 more/)
})
