import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isFieldValue, patchFields, toRequestFields, toResponseFields } from '#/edge/http/headers.ts'

test('fields of the connection, and those that it nominates, do not pass', () => {
  const raw = ['Connection', 'close, X-Mine', 'X-Mine', 'a', 'Keep-Alive', 'timeout=5', 'TE', 'trailers', 'Upgrade', 'h2c', 'X-Kept', 'b']
  assert.deepEqual(toRequestFields(raw), ['x-kept', 'b'])
  assert.deepEqual(toResponseFields(raw), ['x-kept', 'b'])
})

test('several Connection fields nominate together', () => {
  assert.deepEqual(toRequestFields(['Connection', 'keep-alive', 'A', '1', 'connection', 'b', 'B', '2']), ['a', '1'])
})

test('a nominated name that stands as a value is left alone', () => {
  assert.deepEqual(toResponseFields(['Connection', 'x-mine', 'X-Other', 'x-mine']), ['x-other', 'x-mine'])
})

test('what only a gateway may set is taken from the client', () => {
  const owned = [
    'x-gateway-destination-endpoint',
    'x-gateway-destination-endpoint-subset',
    'x-gateway-destination-endpoint-served',
    'x-gateway-destination-endpoint-scores',
    'x-llm-d-request-dropped-reason',
    'x-prefiller-host-port',
    'x-encoder-hosts-ports',
    'x-data-parallel-host-port',
    'x-kv-cache-source-host-port',
  ]
  assert.deepEqual(toRequestFields(owned.flatMap((name) => [name.toUpperCase(), '10.0.0.1:80'])), [])
})

test('what the upstream sets by itself is taken from the client, and hints to the scheduler are not', () => {
  const own = ['Host', 'a', 'Content-Length', '3', 'Expect', '100-continue', 'Accept-Encoding', 'gzip', 'Transfer-Encoding', 'chunked']
  const hints = [
    'x-llm-d-inference-objective',
    'a',
    'x-llm-d-inference-fairness-id',
    'b',
    'x-llm-d-slo-ttft-ms',
    '200',
    'authorization',
    'c',
  ]
  assert.deepEqual(toRequestFields([...own, ...hints]), hints)
})

test('an answer keeps its repeats and its order', () => {
  assert.deepEqual(toResponseFields(['Set-Cookie', 'a=1', 'Date', 'x', 'set-cookie', 'b=2', 'Content-Length', '5']), [
    'set-cookie',
    'a=1',
    'date',
    'x',
    'set-cookie',
    'b=2',
  ])
})

test('a patch replaces every field of its names', () => {
  const fields = ['a', '1', 'b', '2', 'a', '3']
  assert.deepEqual(patchFields(fields, { set: [['a', '4']] }), ['b', '2', 'a', '4'])
  assert.deepEqual(fields, ['a', '1', 'b', '2', 'a', '3'])
})

test('a value that HTTP cannot carry is never written', () => {
  for (const value of ['a\r\nx: y', 'a\0b', ' a', 'a ', '\t', 'ü€']) {
    assert.equal(isFieldValue(value), false, JSON.stringify(value))
    assert.throws(() => patchFields([], { set: [['a', value]] }), TypeError)
  }
  for (const value of ['', 'a', 'a b', 'a\tb', 'caf\xe9']) assert.equal(isFieldValue(value), true, JSON.stringify(value))
})

test('the grammar is that of RFC 9110 5.5, character by character', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0x120 }), { maxLength: 12 }), (codes) => {
      const isVisible = (code: number): boolean => (code >= 0x21 && code <= 0x7e) || (code >= 0x80 && code <= 0xff)
      const isInner = codes.every((code) => isVisible(code) || code === 0x20 || code === 0x09)
      const isBounded = codes.length === 0 || (isVisible(codes[0]!) && isVisible(codes.at(-1)!))
      assert.equal(isFieldValue(String.fromCharCode(...codes)), isInner && isBounded)
    }),
  )
})
