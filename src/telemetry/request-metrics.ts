/** Counts and times requests: an observer of attempts and of ticket ends, fed by the request path like a plugin. */
import type { ErrorCode } from '#/errors.ts'
import type { Attempt, AttemptHooks, EndCause } from '#/sdk/attempt.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import type { RequestLabels } from '#/telemetry/label-values.ts'
import type { Labels, Metrics } from '#/telemetry/metrics.ts'

const PREFIX_LABELS = { plugin_name: 'approx-prefix-cache-producer', plugin_type: 'approx-prefix-cache-producer' }
const BYTES_PER_TOKEN = 4

interface RunningRequest {
  /** Those that it was counted with: a model that comes or goes meanwhile changes nothing. */
  readonly labels: Labels
  /** When the latest chunk of a streamed answer came; undefined before the first. */
  lastChunkMs: number | undefined
}

export class RequestMetrics implements AttemptHooks {
  readonly #labels: RequestLabels
  readonly #metrics: ReturnType<typeof handles>
  readonly #running = new Map<InferenceRequest, RunningRequest>()

  constructor(metrics: Metrics, labels: RequestLabels) {
    this.#labels = labels
    this.#metrics = handles(metrics)
  }

  /** Requests that were routed and have not ended. */
  get runningCount(): number {
    return this.#running.size
  }

  /** `ended` is owed once. */
  routed(request: InferenceRequest): void {
    const labels = this.#labels.of(request)
    this.#running.set(request, { labels, lastChunkMs: undefined })
    this.#metrics.requestTotal.inc(labels)
    this.#metrics.requestSize.observe(labels, request.bodyBytes)
    this.#metrics.requestRunning.inc(labels)
  }

  refused(request: InferenceRequest | undefined, code: ErrorCode): void {
    const labels = request === undefined ? this.#labels.unknown : this.#labels.of(request)
    this.#metrics.requestErrorTotal.inc({ ...labels, error_code: code })
  }

  attemptSent(attempt: Attempt): void {
    const running = this.#running.get(attempt.request)
    if (running !== undefined) running.lastChunkMs = undefined
    if (attempt.totalBlocks === 0) return
    this.#metrics.prefixHitRatio.observe(PREFIX_LABELS, attempt.matchedBlocks / attempt.totalBlocks)
    this.#metrics.prefixHitBytes.observe(PREFIX_LABELS, attempt.matchedBlocks * attempt.blockTokens * BYTES_PER_TOKEN)
  }

  attemptFirstByte({ request }: Attempt, nowMs: number): void {
    const running = this.#running.get(request)
    if (running === undefined) return
    const labels = { ...running.labels, streaming: request.stream ? 'true' : 'false' }
    this.#metrics.ttft.observe(labels, (nowMs - request.receivedAtMs) / 1000)
    if (request.stream) running.lastChunkMs = nowMs
  }

  attemptChunk({ request, chunkCount }: Attempt, nowMs: number): void {
    const running = this.#running.get(request)
    if (running?.lastChunkMs === undefined || chunkCount < 2) return
    this.#metrics.itl.observe(running.labels, (nowMs - running.lastChunkMs) / 1000)
    running.lastChunkMs = nowMs
  }

  /** The request is over. `attempt` is its last one. */
  ended(request: InferenceRequest, cause: EndCause, attempt: Attempt | undefined, responseBytes: number, nowMs: number): void {
    const running = this.#running.get(request)
    if (running === undefined) return
    this.#running.delete(request)
    const { labels } = running
    const m = this.#metrics
    m.requestRunning.dec(labels)
    const seconds = (nowMs - request.receivedAtMs) / 1000
    m.requestDuration.observe(labels, seconds)
    const status = attempt?.status ?? 0
    if (status >= 200 && status < 300) m.responseSize.observe(labels, responseBytes)
    if (cause !== 'complete') m.requestErrorTotal.inc({ ...labels, error_code: cause.replaceAll('-', '_') })
    else if (status >= 400) m.requestErrorTotal.inc({ ...labels, error_code: `http_${status}` })
    if (attempt === undefined) return
    const { promptTokens, completionTokens, cachedTokens } = attempt.usage
    if (promptTokens !== undefined) m.inputTokens.observe(labels, promptTokens)
    if (cachedTokens !== undefined) m.cachedTokens.observe(labels, cachedTokens)
    if (completionTokens === undefined || completionTokens === 0) return
    m.outputTokens.observe(labels, completionTokens)
    m.ntpot.observe(labels, seconds / completionTokens)
    if (request.stream && attempt.firstByteAtMs >= 0 && completionTokens > 1) {
      m.tpot.observe(labels, (nowMs - attempt.firstByteAtMs) / 1000 / (completionTokens - 1))
    }
  }
}

function handles(metrics: Metrics) {
  return {
    requestTotal: metrics.counter('requestTotal'),
    requestErrorTotal: metrics.counter('requestErrorTotal'),
    requestSize: metrics.histogram('requestSize'),
    requestRunning: metrics.gauge('requestRunning'),
    prefixHitRatio: metrics.histogram('prefixHitRatio'),
    prefixHitBytes: metrics.histogram('prefixHitBytes'),
    ttft: metrics.histogram('ttft'),
    itl: metrics.histogram('itl'),
    tpot: metrics.histogram('tpot'),
    ntpot: metrics.histogram('ntpot'),
    requestDuration: metrics.histogram('requestDuration'),
    responseSize: metrics.histogram('responseSize'),
    inputTokens: metrics.histogram('inputTokens'),
    cachedTokens: metrics.histogram('cachedTokens'),
    outputTokens: metrics.histogram('outputTokens'),
  }
}
