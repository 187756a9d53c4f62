/**
 * A model server's engine in time: sequences come and go, and while there are any, one step follows the other on the injected clock. Behind
 * HTTP the clock is the machine's; a replay drives thousands of requests a second through the same code on a virtual one.
 */
import type { Clock } from '#/lib/clock.ts'
import { BatchScheduler } from '#/sim/engine/batch-scheduler.ts'
import { checkEngineConfig, stepDurationMs } from '#/sim/engine/engine-config.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { Sequence } from '#/sim/engine/sequence.ts'
import type { SequenceRequest } from '#/sim/engine/sequence.ts'

/** Steps made up for at once after a timer that fired late; what is then still missing is given up, so that a stalled process does not storm. */
const MAX_CATCH_UP_STEPS = 32

/** Prompt and output do not fit into one context. */
export class ContextLengthError extends RangeError {}

export interface EngineCounters {
  readonly steps: number
  /** Prompt tokens of sequences past their first token, and tokens generated. */
  readonly promptTokens: number
  readonly generationTokens: number
  readonly prefixQueryTokens: number
  readonly prefixHitTokens: number
  readonly preemptions: number
}

export class Engine {
  readonly config: EngineConfig
  readonly #clock: Clock
  readonly #scheduler: BatchScheduler
  readonly #onTimer = (): void => this.#stepsDue()
  /** End of the step under way in engine time, which does not drift with late timers; undefined: no step is under way. */
  #stepEndMs: number | undefined
  #submitted = 0
  #steps = 0
  #promptTokens = 0
  #generationTokens = 0

  constructor(config: EngineConfig, clock: Clock) {
    checkEngineConfig(config)
    this.config = config
    this.#clock = clock
    this.#scheduler = new BatchScheduler(config)
  }

  get runningCount(): number {
    return this.#scheduler.running.size
  }

  get waitingCount(): number {
    return this.#scheduler.waiting.size
  }

  /** KV blocks that a sequence refers to. */
  get usedBlocks(): number {
    return this.#scheduler.pool.usedCount
  }

  /** KV blocks that the prefix cache can find, used or not. */
  get cachedBlocks(): number {
    return this.#scheduler.pool.cachedCount
  }

  /** Running sequences that use an adapter. */
  get adapterUserCount(): number {
    return this.#scheduler.adapters.userCount
  }

  get counters(): EngineCounters {
    const { prefixQueryTokens, prefixHitTokens, preemptions } = this.#scheduler
    return {
      steps: this.#steps,
      promptTokens: this.#promptTokens,
      generationTokens: this.#generationTokens,
      prefixQueryTokens,
      prefixHitTokens,
      preemptions,
    }
  }

  /** Adapters of running sequences. */
  runningAdapters(): string[] {
    return this.#scheduler.adapters.active()
  }

  /** Adapters of waiting sequences. */
  waitingAdapters(): string[] {
    const adapters = new Set<string>()
    for (let sequence = this.#scheduler.waiting.first; sequence !== undefined; sequence = sequence.next) {
      if (sequence.request.adapter !== undefined) adapters.add(sequence.request.adapter)
    }
    return [...adapters]
  }

  /** Throws a ContextLengthError, or a RangeError for what the engine can never serve. */
  submit(request: SequenceRequest): Sequence {
    const { promptTokens, maxTokens, adapter } = request
    const { maxModelLen, maxLoras, blockSize } = this.config
    if (!Number.isSafeInteger(promptTokens) || promptTokens < 1)
      throw new RangeError(`promptTokens ${promptTokens} is not a whole number above 0`)
    if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) throw new RangeError(`maxTokens ${maxTokens} is not a whole number`)
    if (promptTokens + maxTokens > maxModelLen) {
      throw new ContextLengthError(`${promptTokens} prompt and ${maxTokens} output tokens exceed the context of ${maxModelLen} tokens`)
    }
    if (adapter !== undefined && maxLoras === 0) throw new RangeError(`adapter ${adapter} on an engine with no adapter slot`)
    const sequence = new Sequence(request, this.#submitted++, this.#clock.nowMs(), blockSize)
    this.#scheduler.waiting.pushBack(sequence)
    if (this.#stepEndMs === undefined && this.#planStep(sequence.submittedAtMs, sequence.submittedAtMs)) {
      this.#setTimer(sequence.submittedAtMs)
    }
    return sequence
  }

  /** Ends the sequence and gives back all that it holds. A sequence that has ended is left alone. */
  abort(sequence: Sequence): void {
    this.#end(sequence, 'aborted', this.#clock.nowMs())
  }

  /** Aborts everything that waits or runs. */
  abortAll(): void {
    const { waiting, running } = this.#scheduler
    for (let sequence = waiting.last ?? running.last; sequence !== undefined; sequence = waiting.last ?? running.last) this.abort(sequence)
  }

  #planStep(startMs: number, nowMs: number): boolean {
    if (!this.#scheduler.plan(nowMs)) {
      this.#stepEndMs = undefined
      return false
    }
    this.#stepEndMs = startMs + stepDurationMs(this.config, this.#scheduler.load)
    return true
  }

  #stepsDue(): void {
    const nowMs = this.#clock.nowMs()
    for (let steps = 1; ; steps++) {
      const endMs = this.#stepEndMs!
      this.#finishStep(nowMs)
      const last = steps === MAX_CATCH_UP_STEPS
      if (!this.#planStep(last ? Math.max(endMs, nowMs) : endMs, nowMs)) return
      if (last || this.#stepEndMs! > nowMs) break
    }
    this.#setTimer(nowMs)
  }

  #setTimer(nowMs: number): void {
    this.#clock.schedule(Math.max(0, this.#stepEndMs! - nowMs), this.#onTimer)
  }

  #finishStep(atMs: number): void {
    this.#steps++
    const { batch } = this.#scheduler
    for (const sequence of batch) {
      // An earlier callback of this loop, or anyone since the step began, may have aborted it.
      if (sequence.state !== 'running') continue
      sequence.computedTokens += sequence.stepTokens
      if (sequence.computedTokens === sequence.totalTokens) this.#yieldToken(sequence, atMs)
    }
  }

  #yieldToken(sequence: Sequence, atMs: number): void {
    const { events, maxTokens, promptTokens } = sequence.request
    if (sequence.generatedTokens === 0) this.#promptTokens += promptTokens
    if (maxTokens > 0) {
      sequence.generatedTokens++
      this.#generationTokens++
      if (sequence.generatedTokens === 1) events?.onFirstToken?.(sequence, atMs)
      events?.onToken?.(sequence, atMs)
    }
    if (sequence.generatedTokens === maxTokens) this.#end(sequence, 'complete', atMs)
  }

  #end(sequence: Sequence, cause: 'complete' | 'aborted', atMs: number): void {
    if (sequence.state === 'ended') return
    this.#scheduler.remove(sequence)
    sequence.request.events?.onEnd?.(sequence, cause, atMs)
  }
}
