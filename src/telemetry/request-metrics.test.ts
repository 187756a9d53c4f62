import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Attempt, EndCause } from '#/sdk/attempt.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { RequestLabels } from '#/telemetry/label-values.ts'
import { Metrics } from '#/telemetry/metrics.ts'
import { RequestMetrics } from '#/telemetry/request-metrics.ts'
import { readSamples, seriesOf } from '#/telemetry/testing/samples.ts'
import { testAttempt, testRequest } from '#/telemetry/testing/test-request.ts'

const LABELS = 'model_name="m",target_model_name="m",fairness_id="default-flow",priority="0"'

function createRig() {
  const metrics = new Metrics()
  const known = new Set(['m'])
  const requests = new RequestMetrics(metrics, new RequestLabels((model) => known.has(model)))
  return { metrics, known, requests, samples: () => readSamples(metrics) }
}

/** A stream: sent at 0, chunks at these times, over with the last one. */
function stream(
  requests: RequestMetrics,
  request: InferenceRequest,
  chunkTimesMs: readonly number[],
  usage: Partial<Attempt['usage']> = {},
): void {
  const attempt = testAttempt(request)
  requests.routed(request)
  requests.attemptSent(attempt)
  for (const [i, atMs] of chunkTimesMs.entries()) {
    if (i === 0) {
      attempt.firstByteAtMs = atMs
      requests.attemptFirstByte(attempt, atMs)
    }
    attempt.chunkCount++
    requests.attemptChunk(attempt, atMs)
  }
  attempt.usage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined, ...usage }
  requests.ended(request, 'complete', attempt, 5000, chunkTimesMs.at(-1)!)
}

test('a streamed request in figures: sizes, TTFT, ITL, TPOT, NTPOT and tokens as the engine reported them', async () => {
  const { requests, samples } = createRig()
  stream(requests, testRequest({ stream: true, bodyBytes: 300 }), [400, 500, 700, 1000], {
    promptTokens: 900,
    cachedTokens: 640,
    completionTokens: 4,
  })
  const page = await samples()
  const value = (name: string, labels = LABELS) => page.get(`llm_d_epp_${name}{${labels}}`)
  assert.equal(value('request_total'), 1)
  assert.equal(value('request_size_bytes_sum'), 300)
  assert.equal(value('response_size_bytes_sum'), 5000)
  assert.equal(value('request_duration_seconds_sum'), 1)
  assert.equal(value('request_ttft_seconds_sum', `${LABELS},streaming="true"`), 0.4)
  assert.equal(value('request_streaming_itl_seconds_count'), 3)
  assert.ok(Math.abs(value('request_streaming_itl_seconds_sum')! - 0.6) < 1e-9)
  assert.ok(Math.abs(value('request_streaming_tpot_seconds_sum')! - 0.2) < 1e-9)
  assert.equal(value('request_ntpot_seconds_sum'), 0.25)
  assert.equal(value('request_input_tokens_sum'), 900)
  assert.equal(value('request_cached_tokens_sum'), 640)
  assert.equal(value('request_output_tokens_sum'), 4)
  assert.equal(value('request_running'), 0)
  assert.deepEqual(seriesOf(page, 'llm_d_epp_request_error_total'), [])
})

test('an answer in one piece has a TTFT, and no times between tokens', async () => {
  const { requests, samples } = createRig()
  stream(requests, testRequest({ stream: false }), [400, 410], { completionTokens: 20 })
  const page = await samples()
  assert.equal(page.get(`llm_d_epp_request_ttft_seconds_count{${LABELS},streaming="false"}`), 1)
  assert.deepEqual(seriesOf(page, 'llm_d_epp_request_streaming_itl_seconds_count'), [])
  assert.deepEqual(seriesOf(page, 'llm_d_epp_request_streaming_tpot_seconds_count'), [])
})

test('what the engine does not report is not made up', async () => {
  const { requests, samples } = createRig()
  stream(requests, testRequest({ stream: true }), [1, 2])
  stream(requests, testRequest({ stream: true }), [1, 2], { completionTokens: 0, promptTokens: 5 })
  const page = await samples()
  for (const name of ['output_tokens', 'cached_tokens', 'ntpot_seconds', 'streaming_tpot_seconds']) {
    assert.deepEqual(seriesOf(page, `llm_d_epp_request_${name}_count`), [], name)
  }
  assert.equal(page.get(`llm_d_epp_request_input_tokens_count{${LABELS}}`), 1)
})

test('the time between chunks starts over with another attempt', async () => {
  const { requests, samples } = createRig()
  const request = testRequest({ stream: true })
  const [first, second] = [testAttempt(request), testAttempt(request, { number: 2, chunkCount: 5 })]
  requests.routed(request)
  requests.attemptSent(first)
  requests.attemptFirstByte(first, 100)
  requests.attemptSent(second)
  requests.attemptChunk(second, 900)
  assert.deepEqual(seriesOf(await samples(), 'llm_d_epp_request_streaming_itl_seconds_count'), [])
})

test('errors have a code: of the table, of the endpoint, or how the answer ended', async () => {
  const { requests, samples } = createRig()
  requests.refused(undefined, 'malformed_json')
  requests.refused(testRequest(), 'saturated')
  const end = (cause: EndCause, status: number): void => {
    const request = testRequest()
    requests.routed(request)
    requests.ended(request, cause, testAttempt(request, { status }), 0, 10)
  }
  end('complete', 200)
  end('complete', 404)
  end('upstream-failed', 200)
  end('client-gone', 0)
  const page = await samples()
  const expected = {
    'model_name="other",target_model_name="other",fairness_id="other",priority="0",error_code="malformed_json"': 1,
    [`${LABELS},error_code="saturated"`]: 1,
    [`${LABELS},error_code="http_404"`]: 1,
    [`${LABELS},error_code="upstream_failed"`]: 1,
    [`${LABELS},error_code="client_gone"`]: 1,
  }
  const found = seriesOf(page, 'llm_d_epp_request_error_total').map((series) => [
    series.slice(series.indexOf('{') + 1, -1),
    page.get(series),
  ])
  assert.deepEqual(Object.fromEntries(found), expected)
})

test('only answers have a size', async () => {
  const { requests, samples } = createRig()
  const request = testRequest()
  requests.routed(request)
  requests.ended(request, 'client-gone', undefined, 0, 10)
  const page = await samples()
  assert.deepEqual(seriesOf(page, 'llm_d_epp_response_size_bytes_count'), [])
  assert.equal(page.get(`llm_d_epp_request_duration_seconds_count{${LABELS}}`), 1)
})

test('what was believed of the cache is counted when a request is sent, and not where nothing was looked for', async () => {
  const { requests, samples } = createRig()
  requests.attemptSent(testAttempt(testRequest(), { matchedBlocks: 3, totalBlocks: 4, blockTokens: 64 }))
  requests.attemptSent(testAttempt(testRequest()))
  const page = await samples()
  const plugin = 'plugin_name="approx-prefix-cache-producer",plugin_type="approx-prefix-cache-producer"'
  assert.equal(page.get(`llm_d_epp_prefix_indexer_hit_ratio_sum{${plugin}}`), 0.75)
  assert.equal(page.get(`llm_d_epp_prefix_indexer_hit_ratio_count{${plugin}}`), 1)
  assert.equal(page.get(`llm_d_epp_prefix_indexer_hit_bytes_sum{${plugin}}`), 3 * 64 * 4)
})

test('the running gauge is zero at the end, whatever models come and go meanwhile', async () => {
  const step = fc.oneof(
    fc.record({ model: fc.constantFrom('m', 'n') }),
    fc.record({ end: fc.nat(5) }),
    fc.record({ toggle: fc.constantFrom('m', 'n') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      const { requests, known, samples } = createRig()
      const running: InferenceRequest[] = []
      for (const each of steps) {
        if ('model' in each) {
          const request = testRequest({ model: each.model, stream: true })
          running.push(request)
          requests.routed(request)
          requests.attemptFirstByte(testAttempt(request), 5)
        } else if ('toggle' in each) {
          if (!known.delete(each.toggle)) known.add(each.toggle)
        } else for (const request of running.splice(each.end, 1)) requests.ended(request, 'complete', testAttempt(request), 1, 10)
      }
      assert.equal(requests.runningCount, running.length)
      for (const request of running) {
        requests.ended(request, 'client-gone', undefined, 0, 10)
        requests.ended(request, 'client-gone', undefined, 0, 10)
      }
      assert.equal(requests.runningCount, 0)
      const page = await samples()
      for (const series of seriesOf(page, 'llm_d_epp_request_running')) assert.equal(page.get(series), 0, series)
    }),
    { numRuns: 60 },
  )
})
