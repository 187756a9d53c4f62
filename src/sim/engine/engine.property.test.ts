import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { VirtualClock } from '#/lib/virtual-clock.ts'
import { blockKeysOfTokens, rootKeyOf } from '#/sim/engine/block-key.ts'
import { Engine } from '#/sim/engine/engine.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import type { Sequence } from '#/sim/engine/sequence.ts'

const BLOCK_SIZE = 4
const MAX_MODEL_LEN = 64

const config: fc.Arbitrary<EngineConfig> = fc.record({
  blockSize: fc.constant(BLOCK_SIZE),
  // From exactly one context to more than all sequences need.
  numBlocks: fc.integer({ min: MAX_MODEL_LEN / BLOCK_SIZE, max: 80 }),
  maxNumSeqs: fc.integer({ min: 1, max: 6 }),
  maxNumBatchedTokens: fc.integer({ min: 1, max: 48 }),
  maxModelLen: fc.constant(MAX_MODEL_LEN),
  maxLoras: fc.integer({ min: 1, max: 2 }),
  adapterLoadMs: fc.nat(20),
  stepTime: fc.record({
    baseMs: fc.integer({ min: 1, max: 5 }),
    prefillTokenMs: fc.nat(3),
    streamMs: fc.nat(2),
    contextTokenMs: fc.constant(0.125),
  }),
})

type Action =
  | {
      readonly verb: 'submit'
      readonly promptTokens: number
      readonly shared: number
      readonly maxTokens: number
      readonly adapter: string | undefined
      readonly meddles: 'no' | 'abort' | 'submit'
    }
  | { readonly verb: 'abort'; readonly at: number }
  | { readonly verb: 'advance'; readonly ms: number }

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constant('submit' as const),
      promptTokens: fc.integer({ min: 1, max: 40 }),
      shared: fc.nat(40),
      maxTokens: fc.integer({ min: 0, max: MAX_MODEL_LEN - 40 }),
      adapter: fc.constantFrom(undefined, undefined, 'a', 'b', 'c'),
      meddles: fc.constantFrom('no' as const, 'no' as const, 'abort' as const, 'submit' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('abort' as const), at: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('advance' as const), ms: fc.nat(60) }) },
)

interface Watched {
  readonly sequence: Sequence
  tokens: number
  ends: string[]
}

/** Runs the actions to the end, checks what must hold at every moment, and returns all that happened. */
function play(engineConfig: EngineConfig, actions: readonly Action[]): { engine: Engine; watched: Watched[]; history: string[] } {
  const clock = new VirtualClock()
  const engine = new Engine(engineConfig, clock)
  const watched: Watched[] = []
  const history: string[] = []

  const submit = ({ promptTokens, shared, maxTokens, adapter, meddles }: Action & { verb: 'submit' }): void => {
    const own = watched.length + 1
    // The first tokens are common to all prompts, the others nobody else's.
    const tokens = Array.from({ length: promptTokens }, (_, i) => (i < shared ? i : own * 1000 + i))
    const entry: Watched = {
      tokens: 0,
      ends: [],
      sequence: engine.submit({
        promptTokens,
        blockKeys: blockKeysOfTokens(tokens, BLOCK_SIZE, rootKeyOf(adapter)),
        maxTokens,
        ...(adapter === undefined ? {} : { adapter }),
        events: {
          onToken(sequence, atMs) {
            entry.tokens++
            history.push(`${sequence.number} token ${atMs}`)
            if (meddles === 'abort') engine.abort(watched[(own * 7) % watched.length]!.sequence)
          },
          onEnd(sequence, cause, atMs) {
            entry.ends.push(cause)
            history.push(`${sequence.number} ${cause} ${atMs}`)
            if (meddles === 'submit' && cause === 'complete')
              submit({ verb: 'submit', promptTokens, shared, maxTokens, adapter, meddles: 'no' })
          },
        },
      }),
    }
    watched.push(entry)
  }

  const check = (): void => {
    assert.ok(engine.usedBlocks <= engineConfig.numBlocks)
    assert.ok(engine.cachedBlocks <= engineConfig.numBlocks)
    assert.ok(engine.runningCount <= engineConfig.maxNumSeqs)
    assert.ok(engine.runningAdapters().length <= engineConfig.maxLoras)
    const open = watched.filter(({ ends }) => ends.length === 0).length
    assert.equal(engine.runningCount + engine.waitingCount, open)
  }

  for (const each of actions) {
    if (each.verb === 'submit') submit(each)
    else if (each.verb === 'advance') clock.advanceTo(clock.nowMs() + each.ms)
    else if (watched.length > 0) engine.abort(watched[each.at % watched.length]!.sequence)
    check()
  }
  let steps = 0
  while (clock.runNext()) {
    check()
    assert.ok(++steps < 20_000, 'the engine makes no progress')
  }
  return { engine, watched, history }
}

it('any interleaving of submissions, aborts and time gives everything back and ends every sequence once', () => {
  fc.assert(
    fc.property(config, fc.array(action, { maxLength: 40, size: 'max' }), (engineConfig, actions) => {
      const { engine, watched } = play(engineConfig, actions)
      assert.deepEqual([engine.runningCount, engine.waitingCount, engine.usedBlocks, engine.adapterUserCount], [0, 0, 0, 0])
      for (const { sequence, tokens, ends } of watched) {
        assert.equal(ends.length, 1)
        assert.equal(sequence.generatedTokens, tokens)
        if (ends[0] === 'complete') assert.equal(tokens, sequence.request.maxTokens)
        assert.ok(sequence.cachedTokens <= sequence.request.promptTokens - 1)
        assert.equal(sequence.cachedTokens % BLOCK_SIZE, 0)
      }
      const sum = watched.reduce((total, { tokens }) => total + tokens, 0)
      assert.equal(engine.counters.generationTokens, sum)
      assert.ok(engine.counters.prefixHitTokens <= engine.counters.prefixQueryTokens)
    }),
    { numRuns: 300 },
  )
})

it('the same actions have the same history', () => {
  fc.assert(
    fc.property(config, fc.array(action, { maxLength: 30, size: 'max' }), (engineConfig, actions) => {
      assert.deepEqual(play(engineConfig, actions).history, play(engineConfig, actions).history)
    }),
    { numRuns: 50 },
  )
})
