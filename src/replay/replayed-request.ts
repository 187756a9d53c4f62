/** One request of a replay, from the router to the engine and back: what an edge is to real requests. */
import type { RoutingCore } from '#/app/routing-core.ts'
import type { Clock } from '#/lib/clock.ts'
import { TRACE_BLOCK_TOKENS } from '#/loadgen/trace-record.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'
import type { ReplayTally } from '#/replay/replay-tally.ts'
import type { VirtualEndpoint } from '#/replay/virtual-endpoint.ts'
import type { Ticket } from '#/request/exchange.ts'
import { slotOf } from '#/sdk/endpoint.ts'
import { blockKeysOfPieceIds } from '#/sim/engine/block-key.ts'
import { stepDurationMs } from '#/sim/engine/engine-config.ts'
import type { Sequence } from '#/sim/engine/sequence.ts'

const TOKEN = Buffer.from('data: {"choices":[{"delta":{"content":" token"}}]}\n\n')
const NO_HEADERS = { get: () => undefined }

/** The service level that goodput counts by. */
const MAX_QUEUEING_MS = 2000
const MAX_ITL_MS = 50

export class ReplayedRequest {
  readonly #record: TraceRecord
  readonly #body: Buffer
  readonly #path: string
  readonly #core: RoutingCore
  readonly #fleet: readonly VirtualEndpoint[]
  readonly #clock: Clock
  readonly #tally: ReplayTally
  #arrivedAtMs = 0
  #firstAtMs = 0

  constructor(
    record: TraceRecord,
    body: Buffer,
    path: string,
    core: RoutingCore,
    fleet: readonly VirtualEndpoint[],
    clock: Clock,
    tally: ReplayTally,
  ) {
    this.#record = record
    this.#body = body
    this.#path = path
    this.#core = core
    this.#fleet = fleet
    this.#clock = clock
    this.#tally = tally
  }

  start(): void {
    this.#arrivedAtMs = this.#clock.nowMs()
    const exchange = {
      requestId: 'replay',
      receivedAtMs: this.#arrivedAtMs,
      method: 'POST',
      path: this.#path,
      headers: { get: (name: string) => (name === 'content-type' ? 'application/json' : undefined) },
      body: [this.#body],
      bodyBytes: this.#body.length,
    }
    const decision = this.#core.router.route(exchange, { fallbacks: 0, evict() {} })
    if (!('kind' in decision)) throw new Error('a replayed request does not wait')
    if (decision.kind === 'refuse') {
      this.#tally.refused++
      this.#tally.done++
      return
    }
    this.#run(decision.ticket, this.#fleet[slotOf(decision.endpoints[0]!)]!)
  }

  #run(ticket: Ticket, { endpoint, engine }: VirtualEndpoint): void {
    const { inputTokens, outputTokens, blockIds = [] } = this.#record
    ticket.sent(endpoint.ref)
    engine.submit({
      promptTokens: Math.max(1, inputTokens),
      blockKeys: blockKeysOfPieceIds(blockIds, TRACE_BLOCK_TOKENS, inputTokens, engine.config.blockSize),
      maxTokens: Math.max(1, outputTokens),
      events: {
        onFirstToken: (sequence, atMs) => {
          this.#firstAtMs = atMs
          this.#tally.cachedTokens += sequence.cachedTokens
          this.#tally.promptTokens += sequence.request.promptTokens
          ticket.answered(endpoint.ref, 200, NO_HEADERS)
          ticket.firstByte()
        },
        onToken: () => ticket.bytes(TOKEN, false, () => {}),
        onEnd: (sequence, _cause, atMs) => {
          ticket.bytes(toUsageChunk(sequence), true, () => {})
          ticket.end('complete')
          this.#count(sequence, atMs, engine.config)
        },
      },
    })
  }

  #count(sequence: Sequence, atMs: number, config: VirtualEndpoint['engine']['config']): void {
    const tally = this.#tally
    const ttftMs = this.#firstAtMs - this.#arrivedAtMs
    const itlMs = sequence.generatedTokens < 2 ? 0 : (atMs - this.#firstAtMs) / (sequence.generatedTokens - 1)
    const alonePrefillMs = stepDurationMs(config, {
      prefillTokens: sequence.request.promptTokens,
      streams: 0,
      contextTokens: 0,
      adapterLoads: 0,
    })
    tally.ttft.record(ttftMs)
    if (sequence.generatedTokens > 1) tally.itl.record(itlMs)
    if (ttftMs <= MAX_QUEUEING_MS + alonePrefillMs && itlMs <= MAX_ITL_MS) tally.good++
    tally.done++
  }
}

function toUsageChunk({ request, generatedTokens, cachedTokens }: Sequence): Buffer {
  const usage = {
    prompt_tokens: request.promptTokens,
    completion_tokens: generatedTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  }
  return Buffer.from(`data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`)
}
