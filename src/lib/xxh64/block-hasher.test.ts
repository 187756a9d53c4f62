import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import xxhash from 'xxhash-wasm'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'

const oracle = await xxhash()

function toBigInt(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

function oracleChain(bytes: Uint8Array, blockBytes: number, seed: bigint): bigint[] {
  const hashes: bigint[] = []
  for (let at = 0; at < bytes.length; at += blockBytes) {
    hashes.push(oracle.h64Raw(bytes.subarray(at, at + blockBytes), hashes.at(-1) ?? seed))
  }
  return hashes
}

function chainOf(hasher: BlockHasher, blockBytes: number, seed: bigint): bigint[] {
  const chain = hasher.hashChain(blockBytes, Number(seed & 0xffff_ffffn), Number(seed >> 32n))
  assert.equal(chain.low.length, chain.length)
  assert.equal(chain.high.length, chain.length)
  assert.equal(chain.blockBytes, blockBytes)
  return [...chain.low].map((low, i) => toBigInt(low, chain.high[i]!))
}

function pseudoRandomBytes(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) >>> 24)
}

const bytes = fc.uint8Array({ maxLength: 700 })
const seed = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

describe('BlockHasher', () => {
  it('hashes any bytes with any seed as XXH64 does', () => {
    const hasher = new BlockHasher()
    fc.assert(
      fc.property(bytes, seed, (input, seed) => {
        const { low, high } = hasher.hash(input, Number(seed & 0xffff_ffffn), Number(seed >> 32n))
        assert.equal(toBigInt(low, high), oracle.h64Raw(input, seed))
      }),
    )
  })

  it('seeds with 0 unless told otherwise', () => {
    const { low, high } = new BlockHasher().hash(new Uint8Array(0))
    assert.equal(toBigInt(low, high), 0xef46_db37_51d8_e999n)
  })

  it('hashes every length from nothing to several stripes and tails', () => {
    const hasher = new BlockHasher()
    const input = pseudoRandomBytes(130)
    for (let length = 0; length <= input.length; length++) {
      const { low, high } = hasher.hash(input.subarray(0, length))
      assert.equal(toBigInt(low, high), oracle.h64Raw(input.subarray(0, length)), `length ${length}`)
    }
  })

  it('chains the pieces of what is longer than 64 KiB', () => {
    const hasher = new BlockHasher(8)
    const input = pseudoRandomBytes(65_536 * 2 + 5)
    for (const length of [65_536, 65_537, 65_536 * 2, input.length]) {
      const { low, high } = hasher.hash(input.subarray(0, length), 7, 9)
      assert.equal(toBigInt(low, high), oracleChain(input.subarray(0, length), 65_536, toBigInt(7, 9)).at(-1), `length ${length}`)
    }
  })

  it('seeds each block with the hash before it, the last one partial', () => {
    const hasher = new BlockHasher()
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 800 }), seed, (input, blockBytes, seed) => {
        hasher.reset()
        hasher.append(input)
        assert.deepEqual(chainOf(hasher, blockBytes, seed), oracleChain(input, blockBytes, seed))
      }),
    )
  })

  it('takes the input in any spans of any chunks', () => {
    const hasher = new BlockHasher()
    const span = bytes.chain((chunk) => {
      const border = fc.integer({ min: 0, max: chunk.length })
      return fc.tuple(fc.constant(chunk), border, border).map(([chunk, a, b]) => ({ chunk, start: Math.min(a, b), end: Math.max(a, b) }))
    })
    fc.assert(
      fc.property(fc.array(span, { maxLength: 8 }), (spans) => {
        hasher.reset()
        for (const { chunk, start, end } of spans) hasher.append(chunk, start, end)
        const input = Uint8Array.from(spans.flatMap(({ chunk, start, end }) => [...chunk.subarray(start, end)]))
        assert.equal(hasher.remaining, hasher.maxBytes - input.length)
        assert.deepEqual(chainOf(hasher, 64, 1n), oracleChain(input, 64, 1n))
      }),
    )
  })

  it('reads nothing beyond the end of a chunk that lies in a larger buffer', () => {
    const hasher = new BlockHasher()
    const pool = pseudoRandomBytes(200)
    hasher.append(pool.subarray(50, 100), 10, 90)
    hasher.append(pool.subarray(50, 100), 60)
    hasher.append(pool.subarray(50, 100), 20, 10)
    assert.deepEqual(chainOf(hasher, 64, 1n), oracleChain(pool.subarray(60, 100), 64, 1n))
  })

  it('ignores what goes beyond its limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 5 }), (maxBytes, chunks) => {
        const hasher = new BlockHasher(maxBytes)
        for (const chunk of chunks) hasher.append(chunk)
        const input = Uint8Array.from(chunks.flatMap((chunk) => [...chunk])).subarray(0, maxBytes)
        assert.equal(hasher.remaining, maxBytes - input.length)
        assert.deepEqual(chainOf(hasher, 16, 5n), oracleChain(input, 16, 5n))
      }),
      { numRuns: 50 },
    )
  })

  it('fills the default limit in blocks of one byte, whose hashes need more memory than the input', () => {
    const hasher = new BlockHasher()
    const input = pseudoRandomBytes(hasher.maxBytes + 100)
    hasher.append(input)
    assert.equal(hasher.remaining, 0)
    const hashes = chainOf(hasher, 1, 3n)
    assert.equal(hashes.length, 524_288)
    const expected = oracleChain(input.subarray(0, 524_288), 1, 3n)
    assert.ok(hashes.every((hash, i) => hash === expected[i]))
  })

  it('hands out arrays that later calls leave alone', () => {
    const hasher = new BlockHasher()
    hasher.append(pseudoRandomBytes(500))
    const chain = hasher.hashChain(64, 1, 2)
    const before = [...chain.low, ...chain.high]
    hasher.reset()
    hasher.append(new Uint8Array(500))
    hasher.hashChain(64, 3, 4)
    hasher.hash(new Uint8Array(50))
    assert.deepEqual([...chain.low, ...chain.high], before)
    assert.equal(chain.low.buffer.byteLength, chain.length * 4)
  })

  it('keeps the input for another block size, with seeds hashed in between', () => {
    const hasher = new BlockHasher()
    const input = pseudoRandomBytes(1000)
    hasher.append(input)
    assert.deepEqual(chainOf(hasher, 256, 1n), oracleChain(input, 256, 1n))
    hasher.hash(input)
    assert.deepEqual(chainOf(hasher, 64, 1n), oracleChain(input, 64, 1n))
  })

  it('takes a block size beyond 32 bits as larger than any input', () => {
    const hasher = new BlockHasher()
    const input = pseudoRandomBytes(100)
    hasher.append(input)
    assert.deepEqual(chainOf(hasher, 2 ** 32 + 1, 1n), oracleChain(input, 100, 1n))
  })

  it('refuses a limit that no memory can have', () => {
    for (const maxBytes of [0, -1, 1.5, NaN, 2 ** 31]) assert.throws(() => new BlockHasher(maxBytes), RangeError)
  })
})
