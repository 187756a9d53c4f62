import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { EventStreamScanner } from '#/loadgen/event-stream-scanner.ts'

function scan(pieces: readonly string[]): string[] {
  const events: string[] = []
  const scanner = new EventStreamScanner((data) => events.push(data))
  for (const piece of pieces) scanner.feed(Buffer.from(piece, 'latin1'))
  return events
}

test('events, comments, other fields, several data lines', () => {
  assert.deepEqual(scan(['data: one\n\n: comment\n\nevent: x\ndata:two\nid: 7\n\ndata: a\ndata: b\n\n\n\ndata: unfinished\n']), [
    'one',
    'two',
    'a\nb',
  ])
  assert.deepEqual(scan(['data: one\r\n\r\ndata: \r\n\r\n']), ['one', ''])
})

test('the cut does not matter', () => {
  const line = fc.constantFrom('data: {"a":"b"}', 'data:x', ': note', 'event: delta', '', '')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(300)), (lines, lineEnd, cuts) => {
      const text = lines.map((each) => each + lineEnd).join('')
      const borders = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
      const pieces = borders.slice(1).map((border, i) => text.slice(borders[i], border))
      assert.deepEqual(scan(pieces), scan([text]))
    }),
  )
})

test('a line without end does not fill the memory', () => {
  const events: string[] = []
  const scanner = new EventStreamScanner((data) => events.push(data))
  scanner.feed(Buffer.from('data: '))
  const piece = Buffer.alloc(400_000, 0x78)
  for (let i = 0; i < 10; i++) scanner.feed(piece)
  scanner.feed(Buffer.from('\n\ndata: next\n\n'))
  assert.equal(events[1], 'next')
  assert.ok(events[0]!.length < 1_500_000)
})
