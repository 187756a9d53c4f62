import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AskedNames } from '#/fleet/models/asked-names.ts'

test('the first ask counts until it is forgotten', () => {
  const names = new AskedNames(1000)
  assert.equal(names.firstAskedAtMs('a', 5), 5)
  assert.equal(names.firstAskedAtMs('a', 1004), 5)
  assert.equal(names.firstAskedAtMs('a', 1005), 1005)
  assert.equal(names.firstAskedAtMs('b', 1006), 1006)
})

test('no more than 1,000 names are kept, the latest ones', () => {
  const names = new AskedNames(1e9)
  for (let i = 0; i < 5000; i++) names.firstAskedAtMs(`n${i}`, i)
  assert.equal(names.size, 1000)
  assert.equal(names.firstAskedAtMs('n4000', 9999), 4000)
  assert.equal(names.firstAskedAtMs('n3999', 9999), 9999)
})
