import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '#/lib/clock.ts'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { ContextLengthError, Engine } from '#/sim/engine/engine.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import type { SequenceRequest } from '#/sim/engine/sequence.ts'

const CONFIG: EngineConfig = {
  blockSize: 4,
  numBlocks: 64,
  maxNumSeqs: 8,
  maxNumBatchedTokens: 32,
  maxModelLen: 256,
  maxLoras: 1,
  adapterLoadMs: 1000,
  stepTime: { baseMs: 10, prefillTokenMs: 1, streamMs: 0, contextTokenMs: 0 },
}

interface Log {
  firstTokenAtMs: number | undefined
  tokensAtMs: number[]
  ends: string[]
}

class Bench {
  readonly clock = new VirtualClock()
  readonly engine: Engine

  constructor(config: Partial<EngineConfig> = {}) {
    this.engine = new Engine({ ...CONFIG, ...config }, this.clock)
  }

  submit(request: Omit<SequenceRequest, 'blockKeys' | 'events'> & { blockKeys?: readonly number[] }) {
    const log: Log = { firstTokenAtMs: undefined, tokensAtMs: [], ends: [] }
    const sequence = this.engine.submit({
      blockKeys: [],
      ...request,
      events: {
        onFirstToken: (_, atMs) => void (log.firstTokenAtMs = atMs),
        onToken: (_, atMs) => void log.tokensAtMs.push(atMs),
        onEnd: (_, cause, atMs) => void log.ends.push(`${cause}@${atMs}`),
      },
    })
    return { sequence, log }
  }

  runAll(): void {
    while (this.clock.runNext()) {
      // Every timer is a step of the engine.
    }
  }
}

describe('steps', () => {
  it('compute a prompt in one step within the budget, then a token a step', () => {
    const bench = new Bench()
    const { log } = bench.submit({ promptTokens: 20, maxTokens: 3 })
    bench.runAll()
    assert.equal(log.firstTokenAtMs, 30)
    assert.deepEqual(log.tokensAtMs, [30, 40, 50])
    assert.deepEqual(log.ends, ['complete@50'])
  })

  it('compute a longer prompt in chunks, while streams go on', () => {
    const bench = new Bench()
    const stream = bench.submit({ promptTokens: 1, maxTokens: 4 })
    bench.clock.advanceTo(11)
    const long = bench.submit({ promptTokens: 70, maxTokens: 1 })
    bench.runAll()
    // The step under way ends at 21. Beside the stream there are 31 tokens of budget for the chunk, twice; the last 8 tokens need one more step.
    assert.deepEqual(stream.log.tokensAtMs, [11, 21, 62, 103])
    assert.deepEqual(long.log.tokensAtMs, [121])
  })

  it('take longer for streams and for their context', () => {
    const bench = new Bench({ stepTime: { baseMs: 10, prefillTokenMs: 0, streamMs: 1, contextTokenMs: 0.5 } })
    const { log } = bench.submit({ promptTokens: 20, maxTokens: 3 })
    bench.runAll()
    assert.deepEqual(log.tokensAtMs, [10, 10 + 10 + 1 + 10, 31 + 10 + 1 + 10.5])
  })

  it('stop when there is nothing to do', () => {
    const bench = new Bench()
    bench.submit({ promptTokens: 4, maxTokens: 1 })
    bench.runAll()
    assert.equal(bench.clock.nextTimerAtMs(), undefined)
    assert.equal(bench.engine.counters.steps, 1)
  })

  it('only compute the prompt where no token is wanted', () => {
    const bench = new Bench()
    const { log } = bench.submit({ promptTokens: 40, maxTokens: 0 })
    bench.runAll()
    assert.deepEqual(log, { firstTokenAtMs: undefined, tokensAtMs: [], ends: ['complete@60'] })
    assert.equal(bench.engine.counters.promptTokens, 40)
    assert.equal(bench.engine.counters.generationTokens, 0)
  })
})

describe('the waiting queue', () => {
  it('is first come, first served, up to the limit of running sequences', () => {
    const bench = new Bench({ maxNumSeqs: 1 })
    const logs = [1, 2, 3].map(() => bench.submit({ promptTokens: 2, maxTokens: 1 }).log)
    assert.deepEqual([bench.engine.runningCount, bench.engine.waitingCount], [1, 2])
    bench.runAll()
    assert.deepEqual(
      logs.map((log) => log.ends[0]),
      ['complete@12', 'complete@24', 'complete@36'],
    )
  })

  it('refuses what can never be served', () => {
    const bench = new Bench({ maxLoras: 0 })
    assert.throws(() => bench.submit({ promptTokens: 200, maxTokens: 57 }), ContextLengthError)
    assert.throws(() => bench.submit({ promptTokens: 0, maxTokens: 1 }), RangeError)
    assert.throws(() => bench.submit({ promptTokens: 1, maxTokens: -1 }), RangeError)
    assert.throws(() => bench.submit({ promptTokens: 1, maxTokens: 1, adapter: 'a' }), /no adapter slot/)
    assert.equal(bench.engine.waitingCount, 0)
  })
})

describe('the prefix cache', () => {
  it('saves the blocks that an earlier prompt left, but never the last token', () => {
    const bench = new Bench()
    const blockKeys = [1, 2, 3, 4]
    bench.submit({ promptTokens: 16, blockKeys, maxTokens: 1 })
    bench.runAll()
    const equal = bench.submit({ promptTokens: 16, blockKeys, maxTokens: 1 })
    const longer = bench.submit({ promptTokens: 17, blockKeys, maxTokens: 1 })
    const forked = bench.submit({ promptTokens: 17, blockKeys: [1, 2, 9, 4], maxTokens: 1 })
    bench.runAll()
    assert.deepEqual(
      [equal, longer, forked].map(({ sequence }) => sequence.cachedTokens),
      [12, 16, 8],
    )
    assert.equal(bench.engine.counters.prefixHitTokens, 36)
    assert.equal(bench.engine.counters.prefixQueryTokens, 16 + 16 + 17 + 17)
    assert.deepEqual(equal.log.tokensAtMs, [26 + 10 + 4])
  })

  it('is shared within one step', () => {
    const bench = new Bench({ maxNumBatchedTokens: 64 })
    bench.submit({ promptTokens: 1, maxTokens: 1 })
    const [, second] = [0, 1].map(() => bench.submit({ promptTokens: 17, blockKeys: [1, 2, 3, 4], maxTokens: 2 }))
    bench.clock.runNext()
    assert.equal(second!.sequence.cachedTokens, 16)
    assert.equal(bench.engine.usedBlocks, 4 + 2)
  })

  it('costs no new blocks where another sequence uses the found ones', () => {
    const bench = new Bench({ numBlocks: 6, maxModelLen: 24 })
    for (let i = 0; i < 2; i++) {
      bench.submit({ promptTokens: 17, blockKeys: [1, 2, 3, 4], maxTokens: 3 })
      bench.clock.runNext()
    }
    assert.equal(bench.engine.runningCount, 2)
    assert.equal(bench.engine.usedBlocks, 6)
  })

  it('holds what was generated, under the given identity', () => {
    const bench = new Bench()
    bench.submit({ promptTokens: 6, blockKeys: [1], maxTokens: 7, generatedBlockKey: (block, previous) => 100 * block + previous })
    bench.runAll()
    // 12 of the 13 tokens were computed: blocks 1 (half prompt, half output) and 2.
    const next = bench.submit({ promptTokens: 20, blockKeys: [1, 101, 301, 5], maxTokens: 1 })
    bench.runAll()
    assert.equal(next.sequence.cachedTokens, 12)
  })

  it('shares generated blocks with nobody by default', () => {
    const bench = new Bench()
    for (let i = 0; i < 2; i++) {
      bench.submit({ promptTokens: 4, blockKeys: [1], maxTokens: 9 })
      bench.runAll()
    }
    assert.equal(bench.engine.cachedBlocks, 1 + 2 + 2)
  })

  it('loses the least recently used blocks, the tail of a prompt before its head', () => {
    const bench = new Bench({ numBlocks: 8, maxModelLen: 32 })
    bench.submit({ promptTokens: 16, blockKeys: [1, 2, 3, 4], maxTokens: 1 })
    bench.runAll()
    bench.submit({ promptTokens: 24, blockKeys: [11, 12, 13, 14, 15, 16], maxTokens: 1 })
    bench.runAll()
    const again = bench.submit({ promptTokens: 16, blockKeys: [1, 2, 3, 4], maxTokens: 1 })
    bench.runAll()
    assert.equal(again.sequence.cachedTokens, 8)
  })
})

describe('preemption', () => {
  it('takes the newest sequence out when blocks run out, and computes it again later', () => {
    const bench = new Bench({ numBlocks: 5, maxModelLen: 20 })
    const old = bench.submit({ promptTokens: 8, maxTokens: 8 })
    const young = bench.submit({ promptTokens: 8, maxTokens: 8 })
    bench.runAll()
    assert.equal(bench.engine.counters.preemptions, 1)
    assert.deepEqual([old.sequence.preemptions, young.sequence.preemptions], [0, 1])
    assert.deepEqual([old.log.tokensAtMs.length, young.log.tokensAtMs.length], [8, 8])
    assert.ok(Number(young.log.ends[0]!.split('@')[1]) > Number(old.log.ends[0]!.split('@')[1]))
  })

  it('admits nobody in the step that had to preempt', () => {
    const bench = new Bench({ numBlocks: 5, maxModelLen: 20, maxNumBatchedTokens: 8 })
    bench.submit({ promptTokens: 8, maxTokens: 8 })
    bench.submit({ promptTokens: 8, maxTokens: 8 })
    while (bench.engine.counters.preemptions === 0) bench.clock.runNext()
    // There would be blocks for a first chunk of the preempted one.
    assert.deepEqual([bench.engine.runningCount, bench.engine.waitingCount], [1, 1])
  })

  it('puts the preempted before those that have never run', () => {
    const bench = new Bench({ numBlocks: 5, maxModelLen: 20 })
    const old = bench.submit({ promptTokens: 8, maxTokens: 8 })
    const young = bench.submit({ promptTokens: 8, maxTokens: 8 })
    const late = bench.submit({ promptTokens: 8, maxTokens: 1 })
    bench.runAll()
    assert.equal(young.sequence.preemptions, 1)
    // Once the young one is out there are blocks enough for the late one, but not for those of the young one, which is first.
    assert.ok(late.log.firstTokenAtMs! > old.log.tokensAtMs.at(-1)!)
  })
})

describe('adapters', () => {
  it('lengthen the step that loads them', () => {
    const bench = new Bench()
    const [cold, warm] = [0, 1].map(() => {
      const { log } = bench.submit({ promptTokens: 1, maxTokens: 1, adapter: 'a' })
      bench.runAll()
      return log.firstTokenAtMs!
    })
    assert.equal(cold, 1011)
    assert.equal(warm, 1011 + 11)
  })

  it('make a sequence wait for a slot, while others overtake it', () => {
    const bench = new Bench()
    const first = bench.submit({ promptTokens: 1, maxTokens: 3, adapter: 'a' })
    const blocked = bench.submit({ promptTokens: 1, maxTokens: 1, adapter: 'b' })
    const base = bench.submit({ promptTokens: 1, maxTokens: 1 })
    bench.clock.advanceTo(1011)
    assert.deepEqual([bench.engine.runningAdapters(), bench.engine.waitingAdapters()], [['a'], ['b']])
    bench.runAll()
    assert.ok(base.log.firstTokenAtMs! < first.log.tokensAtMs[2]!)
    assert.ok(blocked.log.firstTokenAtMs! > first.log.tokensAtMs[2]! + 1000)
    assert.equal(bench.engine.adapterUserCount, 0)
  })
})

describe('abort', () => {
  it('gives back blocks at once, ends once, and leaves the rest alone', () => {
    const bench = new Bench({ maxNumSeqs: 2 })
    const [running, other, waiting] = [0, 1, 2].map(() => bench.submit({ promptTokens: 8, maxTokens: 5 }))
    bench.clock.advanceTo(20)
    bench.engine.abort(running!.sequence)
    bench.engine.abort(running!.sequence)
    bench.engine.abort(waiting!.sequence)
    assert.deepEqual([bench.engine.runningCount, bench.engine.waitingCount, bench.engine.usedBlocks], [1, 0, 2])
    bench.runAll()
    assert.deepEqual([running!.log.ends, waiting!.log.ends], [['aborted@20'], ['aborted@20']])
    assert.equal(other!.log.tokensAtMs.length, 5)
    assert.equal(bench.engine.usedBlocks, 0)
  })

  it('works from within the callbacks of another sequence of the same step', () => {
    const bench = new Bench({ maxNumBatchedTokens: 64 })
    bench.submit({ promptTokens: 1, maxTokens: 1 })
    const tokens: string[] = []
    const second = { sequence: undefined as ReturnType<Engine['submit']> | undefined }
    bench.engine.submit({
      promptTokens: 2,
      blockKeys: [],
      maxTokens: 2,
      events: {
        onFirstToken: () => bench.engine.abort(second.sequence!),
        onEnd: () => void tokens.push('end of the first'),
      },
    })
    second.sequence = bench.engine.submit({
      promptTokens: 2,
      blockKeys: [],
      maxTokens: 2,
      events: { onToken: () => void tokens.push('token of the second'), onEnd: (_, cause) => void tokens.push(cause) },
    })
    bench.runAll()
    assert.deepEqual(tokens, ['aborted', 'end of the first'])
  })

  it('of everything leaves nothing', () => {
    const bench = new Bench({ maxNumSeqs: 2 })
    const logs = [0, 1, 2, 3].map(() => bench.submit({ promptTokens: 8, maxTokens: 5, adapter: 'a' }).log)
    bench.clock.advanceTo(20)
    bench.engine.abortAll()
    const { runningCount, waitingCount, usedBlocks, adapterUserCount } = bench.engine
    assert.deepEqual(
      { runningCount, waitingCount, usedBlocks, adapterUserCount },
      { runningCount: 0, waitingCount: 0, usedBlocks: 0, adapterUserCount: 0 },
    )
    assert.deepEqual(
      logs.map((log) => log.ends),
      Array.from({ length: 4 }, () => ['aborted@20']),
    )
    bench.runAll()
    assert.equal(bench.clock.nextTimerAtMs(), undefined)
  })
})

describe('a clock whose timers fire late', () => {
  /** Time stands still but for `advance`, and a due timer fires only then. */
  class LateClock implements Clock {
    #nowMs = 0
    #timer: { atMs: number; callback: () => void } | undefined
    nowMs = (): number => this.#nowMs
    wallMs = (): number => this.#nowMs
    schedule(delayMs: number, callback: () => void) {
      this.#timer = { atMs: this.#nowMs + delayMs, callback }
      return { cancel: () => (this.#timer = undefined) }
    }
    advance(ms: number): void {
      this.#nowMs += ms
      const timer = this.#timer
      if (timer === undefined || timer.atMs > this.#nowMs) return
      this.#timer = undefined
      timer.callback()
    }
  }

  const stepsAfter = (...advances: number[]): number => {
    const clock = new LateClock()
    const engine = new Engine({ ...CONFIG, stepTime: { ...CONFIG.stepTime, prefillTokenMs: 0 } }, clock)
    engine.submit({ promptTokens: 4, blockKeys: [], maxTokens: 200 })
    for (const ms of advances) clock.advance(ms)
    return engine.counters.steps
  }

  it('does not slow the engine down', () => {
    assert.equal(stepsAfter(15, 15, 15, 15, 15, 15, 15, 15), 12)
    assert.equal(stepsAfter(57), 5)
  })

  it('is not made up for without bound', () => {
    assert.equal(stepsAfter(100_000), 32)
    assert.equal(stepsAfter(100_000, 9), 32)
    assert.equal(stepsAfter(100_000, 10), 33)
  })
})
