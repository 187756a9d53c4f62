import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BodyCollector } from '#/edge/http/body-collector.ts'

test('the parts are the chunks in order, in as few objects and bytes as they need', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 3000, max: 20_000 })), { maxLength: 60 })
  fc.assert(
    fc.property(sizes, (chunkSizes) => {
      const chunks = chunkSizes.map((size, i) => Buffer.alloc(size, i + 1))
      const collector = new BodyCollector()
      for (const chunk of chunks) collector.add(chunk)
      const parts = collector.finish()
      const whole = Buffer.concat(chunks)
      assert.equal(collector.sizeBytes, whole.length)
      assert.deepEqual(Buffer.concat(parts), whole)
      assert.deepEqual(collector.finish(), [], 'the body is handed over once')
      const heldBytes = parts.reduce((sum, part) => sum + part.buffer.byteLength, 0)
      assert.ok(heldBytes <= 2 * whole.length, `${heldBytes} bytes held for ${whole.length}`)
    }),
    { numRuns: 50 },
  )
})

test('a million chunks of a byte become few parts', () => {
  const collector = new BodyCollector()
  const chunk = Buffer.alloc(1, 120)
  for (let i = 0; i < 1_000_000; i++) collector.add(chunk)
  assert.ok(collector.finish().length < 100)
  assert.equal(collector.sizeBytes, 1_000_000)
})

test('a large chunk that owns its memory is kept as it is; a small view of a large buffer is copied', () => {
  const owned = Buffer.from(new ArrayBuffer(10_000))
  const view = Buffer.from(new ArrayBuffer(1_000_000)).subarray(500, 10_500)
  const collector = new BodyCollector()
  collector.add(owned)
  collector.add(view)
  const [first, second] = collector.finish()
  assert.equal(first, owned)
  assert.equal(second!.buffer.byteLength, 10_000)
})
