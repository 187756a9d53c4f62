import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { approxPrefixCacheProducer } from '#/plugins/producers/approx-prefix-cache-producer.ts'
import { fakeAttempt, fakeRequest } from '#/plugins/testing/fake-request.ts'
import type { FakeRequest } from '#/plugins/testing/fake-request.ts'
import { candidatesOf, createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { Attempt } from '#/sdk/attempt.ts'
import { cacheBlockSize, cacheNumBlocks } from '#/sdk/keys.ts'
import type { Producer } from '#/sdk/producer.ts'

const SLOTS = [0, 1, 2]

describe('approx-prefix-cache-producer', () => {
  test('believes an endpoint to hold the blocks that it was sent, from the moment of sending', () => {
    const { harness, producer } = create()
    producer.attemptSent!(attemptOf(fakeRequest({}, [1, 2, 3]), 1))
    assert.deepEqual(matchOf(harness, producer, [1, 2, 9]), [0, 2, 0])
    assert.equal(harness.match.totalBlocks, 3)
    assert.deepEqual(matchOf(harness, producer, [2, 3]), [0, 0, 0])
  })

  test('takes back what an endpoint learned that gave no answer, and moves it to the one that did', () => {
    const { harness, producer } = create()
    const request = fakeRequest({}, [1, 2, 3])
    const failed = attemptOf(request, 1)
    producer.attemptSent!(failed)
    producer.attemptEnded!(failed, 'upstream-failed', 1, false)
    assert.equal(request.releases, 0)
    assert.deepEqual(matchOf(harness, producer, [1, 2, 3]), [0, 0, 0])
    const served = attemptOf(request, 2)
    producer.attemptSent!(served)
    producer.attemptFirstByte!(served, 2)
    producer.attemptEnded!(served, 'complete', 3, true)
    assert.deepEqual(matchOf(harness, producer, [1, 2, 3]), [0, 0, 3])
  })

  test('lets go of the block hashes at the first byte, and not again at the end', () => {
    const { producer } = create()
    const request = fakeRequest({}, [1])
    const attempt = attemptOf(request, 0)
    producer.attemptSent!(attempt)
    assert.equal(request.releases, 0)
    producer.attemptFirstByte!(attempt, 1)
    assert.equal(request.releases, 1)
    producer.attemptEnded!(attempt, 'complete', 2, true)
    assert.equal(request.releases, 1)
  })

  test('lets go of the block hashes at the end of an answer without a body', () => {
    const { producer } = create()
    const request = fakeRequest({}, [1])
    const attempt = attemptOf(request, 0)
    producer.attemptSent!(attempt)
    producer.attemptEnded!(attempt, 'complete', 2, true)
    assert.equal(request.releases, 1)
  })

  test('forgets what an endpoint held when it is reset, and does not undo it a second time', () => {
    const { harness, producer } = create()
    const attempt = attemptOf(fakeRequest({}, [1, 2]), 0)
    producer.attemptSent!(attempt)
    producer.endpointReset!(0)
    assert.deepEqual(matchOf(harness, producer, [1, 2]), [0, 0, 0])
    const later = attemptOf(fakeRequest({}, [1, 2]), 0)
    producer.attemptSent!(later)
    producer.attemptEnded!(attempt, 'upstream-failed', 1, false)
    assert.deepEqual(matchOf(harness, producer, [1, 2]), [2, 0, 0])
  })

  test('learns nothing from a prompt without blocks', () => {
    const { harness, producer } = create()
    producer.attemptSent!(attemptOf(fakeRequest(), 0))
    assert.deepEqual(matchOf(harness, producer, []), [0, 0, 0])
    assert.deepEqual(harness.index.capacities, [])
  })

  describe('block size', () => {
    const cases: [name: string, parameters: unknown, engine: number[], blockTokens: number][] = [
      ['is 64 tokens at least', {}, [], 64],
      ['is 64 tokens where the engine says less', {}, [16, 16, 16], 64],
      ['is what the first candidate that knows it says', {}, [0, 128, 256], 128],
      ['is as configured where no engine says', { blockSizeTokens: 256 }, [], 256],
      ['is as configured without autoTune', { autoTune: false, blockSizeTokens: 96 }, [128, 128, 128], 96],
      ['is a whole number of tokens', {}, [100.7], 100],
      ['has a bound, whatever an engine says', {}, [Infinity], 65_536],
    ]
    for (const [name, parameters, engine, blockTokens] of cases) {
      test(name, () => {
        const { harness, producer } = create(parameters)
        harness.set(cacheBlockSize, engine)
        let asked = 0
        const request = fakeRequest({
          prefixChain(blockBytes) {
            asked = blockBytes
            return { length: 0, blockBytes, low: new Uint32Array(), high: new Uint32Array() }
          },
        })
        producer.produce!(request, candidatesOf(SLOTS))
        assert.equal(harness.match.blockTokens, blockTokens)
        assert.equal(asked, 4 * blockTokens)
      })
    }

    test('of the attempt counts when it is learned, not what an engine says by then', () => {
      const { harness, producer } = create()
      const request = fakeRequest({}, [1, 2])
      const attempt = attemptOf(request, 0)
      harness.set(cacheBlockSize, [128])
      producer.attemptSent!(attempt)
      assert.deepEqual(matchOf(harness, producer, [1, 2]), [0, 0, 0])
      harness.set(cacheBlockSize, [0])
      assert.deepEqual(matchOf(harness, producer, [1, 2]), [2, 0, 0])
    })
  })

  describe('capacity', () => {
    test('is what the engine says, in blocks of the index', () => {
      const { harness, producer } = create()
      harness.set(cacheBlockSize, [16])
      harness.set(cacheNumBlocks, [1000])
      producer.attemptSent!(attemptOf(fakeRequest({}, [1]), 0))
      assert.deepEqual(harness.index.capacities, [{ slot: 0, blocks: 250 }])
    })

    test('is as configured where the engine does not say, or without autoTune', () => {
      for (const parameters of [{}, { autoTune: false }]) {
        const { harness, producer } = create(parameters)
        if ('autoTune' in parameters) {
          harness.set(cacheBlockSize, [16])
          harness.set(cacheNumBlocks, [1000])
        }
        producer.attemptSent!(attemptOf(fakeRequest({}, [1]), 0))
        assert.deepEqual(harness.index.capacities, [{ slot: 0, blocks: 31_250 }])
      }
    })

    test('is told once, and again when it changes or the endpoint is reset', () => {
      const { harness, producer } = create()
      const send = (): void => producer.attemptSent!(attemptOf(fakeRequest({}, [1]), 1))
      send()
      send()
      assert.equal(harness.index.capacities.length, 1)
      harness.set(cacheBlockSize, [0, 64])
      harness.set(cacheNumBlocks, [0, 500])
      send()
      send()
      assert.deepEqual(harness.index.capacities.slice(1), [{ slot: 1, blocks: 500 }])
      producer.endpointReset!(1)
      send()
      assert.deepEqual(harness.index.capacities.slice(2), [{ slot: 1, blocks: 500 }])
    })
  })

  test('looks at the first maxPrefixTokensToMatch tokens of a prompt', () => {
    const { harness, producer } = create({ maxPrefixTokensToMatch: 128 })
    producer.attemptSent!(attemptOf(fakeRequest({}, [1, 2, 3, 4]), 0))
    assert.deepEqual(matchOf(harness, producer, [1, 2, 3, 4]), [2, 0, 0])
    assert.equal(harness.match.totalBlocks, 2)
  })

  test('looks at the whole prompt where maxPrefixTokensToMatch is 0', () => {
    const { harness, producer } = create({ maxPrefixTokensToMatch: 0 })
    producer.produce!(
      fakeRequest(
        {},
        Array.from({ length: 3000 }, (_, i) => i),
      ),
      candidatesOf(SLOTS),
    )
    assert.equal(harness.match.totalBlocks, 3000)
  })
})

function create(parameters?: unknown): { harness: PluginHarness; producer: Producer } {
  const harness = createPluginHarness()
  return { harness, producer: harness.create(approxPrefixCacheProducer, parameters) }
}

function attemptOf(request: FakeRequest, slot: number): Attempt {
  return fakeAttempt({ request, slot, totalBlocks: request.prefixChain(1).length, blockTokens: 64 })
}

function matchOf(harness: PluginHarness, producer: Producer, prompt: readonly number[]): number[] {
  producer.produce!(fakeRequest({}, prompt), candidatesOf(SLOTS))
  return SLOTS.map((slot) => harness.match.blocks[slot]!)
}
