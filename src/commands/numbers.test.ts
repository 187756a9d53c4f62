import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteCount, byteCountIn, duration, wholeNumber } from '#/commands/numbers.ts'

test('bytes take binary suffixes', () => {
  assert.deepEqual(['65536', '64Ki', '64MiB', '1g', '2 kb'].map(byteCount), [65_536, 65_536, 67_108_864, 1_073_741_824, 2048])
  for (const wrong of ['', '-1', '1.5M', '10X', 'Mi']) assert.throws(() => byteCount(wrong), /Give bytes/)
})

test('bytes keep to a range where there is one', () => {
  const budget = byteCountIn(1024, 4096)
  assert.equal(budget('2Ki'), 2048)
  for (const wrong of ['1023', '5Ki']) assert.throws(() => budget(wrong), /from 1024 to 4096 bytes/)
})

test('durations take units, a bare number is seconds', () => {
  assert.deepEqual(['500ms', '30s', '5m', '1h', '2', '0.5s'].map(duration), [500, 30_000, 300_000, 3_600_000, 2000, 500])
  for (const wrong of ['', 's', '-1s', '1d']) assert.throws(() => duration(wrong), /Give a duration/)
})

test('whole numbers keep to their range', () => {
  const port = wholeNumber(0, 65_535)
  assert.equal(port('8080'), 8080)
  for (const wrong of ['65536', '-1', '1.5', '1e3', '']) assert.throws(() => port(wrong), /from 0 to 65535/)
})
