import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { blockKeysOfPieceIds, blockKeysOfTokens, mixKeys, ROOT_KEY, rootKeyOf } from '#/sim/engine/block-key.ts'

const token = fc.integer({ min: 0, max: 0xffff_ffff })

describe('block keys of tokens', () => {
  it('agree exactly as far as the tokens do', () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 40 }), fc.nat(39), (tokens, at) => {
        const changedAt = at % tokens.length
        const other = tokens.with(changedAt, (tokens[changedAt]! + 1) % 0x1_0000_0000)
        const keys = blockKeysOfTokens(tokens, 4, ROOT_KEY)
        const otherKeys = blockKeysOfTokens(other, 4, ROOT_KEY)
        assert.equal(keys.length, Math.floor(tokens.length / 4))
        for (const [block, key] of keys.entries()) assert.equal(key === otherKeys[block], (block + 1) * 4 <= changedAt, `block ${block}`)
      }),
    )
  })

  it('are positive safe integers, never the root', () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 4, maxLength: 40 }), (tokens) => {
        for (const key of blockKeysOfTokens(tokens, 4, ROOT_KEY)) assert.ok(Number.isSafeInteger(key) && key > 0)
      }),
    )
  })

  it('differ between adapters and from the base model', () => {
    const roots = [undefined, 'sql', 'chat'].map(rootKeyOf)
    const first = roots.map((root) => blockKeysOfTokens([1, 2, 3, 4], 4, root)[0])
    assert.equal(new Set(first).size, 3)
  })

  it('do not collide among a hundred thousand blocks', () => {
    const keys = blockKeysOfTokens(new Uint32Array(100_000), 1, ROOT_KEY)
    assert.equal(new Set(keys).size, keys.length)
  })
})

describe('block keys of piece ids', () => {
  it('expand each id to its blocks and leave the unfinished block out', () => {
    const keys = blockKeysOfPieceIds([7, 8], 64, 100, 16)
    assert.equal(keys.length, 6)
    assert.equal(new Set(keys).size, 6)
    assert.deepEqual([...blockKeysOfPieceIds([7, 9], 64, 100, 16).subarray(0, 4)], [...keys.subarray(0, 4)])
    assert.notEqual(blockKeysOfPieceIds([7, 9], 64, 100, 16)[4], keys[4])
  })

  it('stop where the ids stop', () => {
    assert.equal(blockKeysOfPieceIds([7], 64, 1000, 16).length, 4)
  })

  it('do not collide among a million blocks', () => {
    const ids = Uint32Array.from({ length: 32_768 }, (_, id) => id)
    const keys = blockKeysOfPieceIds(ids, 512, 32_768 * 512, 16)
    assert.equal(keys.length, 2 ** 20)
    keys.sort()
    assert.ok(keys.every((key, i) => i === 0 || key !== keys[i - 1]))
  })

  it('refuse pieces that are no whole number of blocks', () => {
    assert.throws(() => blockKeysOfPieceIds([7], 100, 100, 16), /100 tokens are not a whole number of blocks of 16/)
  })
})

describe('mixKeys', () => {
  it('depends on both sides and on their order', () => {
    assert.equal(new Set([mixKeys(1, 2), mixKeys(2, 1), mixKeys(1, 3), mixKeys(2 ** 40 + 1, 2), mixKeys(1, 2 ** 40 + 2)]).size, 5)
  })
})
