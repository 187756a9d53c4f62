/** One request under measurement: its times, its events, and the verdict on its answer. */
import { findUsage, type AnswerUsage } from '#/loadgen/answer-usage.ts'
import { EventStreamScanner } from '#/loadgen/event-stream-scanner.ts'
import type { ExchangeSink, TransportFailure } from '#/loadgen/http-client.ts'
import type { LoadMeasurements, Outcome } from '#/loadgen/load-measurements.ts'

export interface ExchangeOptions {
  readonly scheduledAtMs: number
  /** Whether it counts in the latencies. */
  readonly measured: boolean
  /** Whether a stream was asked for. */
  readonly stream: boolean
  /** Finds the endpoint in an answer's head; its first group is the name. */
  readonly endpointField: RegExp | undefined
  readonly measurements: LoadMeasurements
  readonly onEnd: (exchange: LoadExchange) => void
}

/** An event carries text if one of these is a non-empty string: chat, completions, and the two names of a reasoning model's thoughts. */
const CONTENT = /"(?:content|text|reasoning_content|reasoning)":\s*"[^"]/
const TAIL_CHARS = 1024
const BAD_ANSWER_CHARS = 300

export class LoadExchange implements ExchangeSink {
  readonly #options: ExchangeOptions
  readonly sentAtMs: number = performance.now()
  #firstByteAtMs = 0
  #firstContentAtMs = 0
  #lastContentAtMs = 0
  #nowMs = 0
  #status = 0
  #scanner: EventStreamScanner | undefined
  #doneSeen = false
  #errorEventSeen = false
  #tail = ''
  #usage: AnswerUsage | undefined
  #endpoint: string | undefined
  #isOver = false

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  head(status: number, headText: string): void {
    const { stream, endpointField } = this.#options
    this.#status = status
    if (stream && /\r\ncontent-type:[ \t]*text\/event-stream/i.test(headText))
      this.#scanner = new EventStreamScanner((data) => this.#event(data))
    if (endpointField !== undefined) this.#endpoint = endpointField.exec(headText)?.[1]
  }

  data(bytes: Buffer): void {
    this.#nowMs = performance.now()
    if (this.#firstByteAtMs === 0) this.#firstByteAtMs = this.#nowMs
    this.#options.measurements.bytes(bytes.length)
    if (this.#scanner !== undefined) this.#scanner.feed(bytes)
    else if (this.#status !== 200) this.#tail = (this.#tail + bytes.toString('latin1', 0, BAD_ANSWER_CHARS)).slice(0, BAD_ANSWER_CHARS)
    else this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - TAIL_CHARS))).slice(-TAIL_CHARS)
  }

  end(): void {
    this.#nowMs = performance.now()
    if (this.#status !== 200) this.#options.measurements.badAnswer(`${this.#status}: ${this.#tail}`)
    else if (this.#scanner === undefined) this.#usage = findUsage(this.#tail)
    this.#finish(this.#verdict())
  }

  fail(failure: TransportFailure): void {
    this.#finish({ failed: failure })
  }

  /** Ends the measurement from outside: given up on purpose, or for a timeout. */
  giveUp(outcome: Outcome): void {
    this.#finish(outcome)
  }

  #event(data: string): void {
    const { measurements, measured } = this.#options
    measurements.event()
    if (CONTENT.test(data)) {
      if (this.#firstContentAtMs === 0) this.#firstContentAtMs = this.#nowMs
      else if (measured) measurements.gap(this.#nowMs - this.#lastContentAtMs)
      this.#lastContentAtMs = this.#nowMs
    } else if (data === '[DONE]') this.#doneSeen = true
    else if (data.startsWith('{"error"')) this.#errorEventSeen = true
    this.#usage = findUsage(data) ?? this.#usage
  }

  #verdict(): Outcome {
    if (this.#status !== 200) return { failed: `status ${this.#status}` }
    if (!this.#options.stream) return 'ok'
    if (this.#scanner === undefined) return { failed: 'not a stream' }
    if (this.#errorEventSeen) return { failed: 'error event' }
    return this.#doneSeen ? 'ok' : 'incomplete'
  }

  #finish(outcome: Outcome): void {
    if (this.#isOver) return
    this.#isOver = true
    const { measurements, measured, scheduledAtMs } = this.#options
    measurements.ended()
    if (measured) {
      const endedAtMs = this.#nowMs
      const firstByteAtMs = this.#firstByteAtMs || endedAtMs
      const firstContentAtMs = this.#firstContentAtMs || firstByteAtMs
      const times = { scheduledAtMs, sentAtMs: this.sentAtMs, firstByteAtMs, firstContentAtMs, endedAtMs }
      measurements.finished(outcome, times, this.#usage, this.#endpoint)
    }
    this.#options.onEnd(this)
  }
}
