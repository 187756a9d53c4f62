import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AnswerParser, type AnswerSink, type ParseOutcome } from '#/loadgen/answer-parser.ts'

interface Recorded extends AnswerSink {
  readonly statuses: number[]
  body: string
}

function recorder(): Recorded {
  return {
    statuses: [],
    body: '',
    head(status) {
      this.statuses.push(status)
    },
    data(bytes) {
      this.body += bytes.toString('latin1')
    },
  }
}

/** Feeds the pieces that begin at each of `cuts`; the outcome of the last one. */
function feedCut(parser: AnswerParser, wire: string, cuts: readonly number[]): ParseOutcome {
  const borders = [0, ...cuts.filter((cut) => cut > 0 && cut < wire.length).sort((a, b) => a - b), wire.length]
  let outcome: ParseOutcome = 'more'
  for (let i = 0; i + 1 < borders.length; i++) {
    assert.equal(outcome, 'more', 'the answer ends with its last byte only')
    outcome = parser.feed(Buffer.from(wire.slice(borders[i], borders[i + 1]), 'latin1'))
  }
  return outcome
}

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello'
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\nA;name="value"\r\nlo, world!\r\n0\r\nx-trailer: 1\r\n\r\n'
const interim = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${sized}`

for (const [name, wire, body] of [
  ['a length', sized, 'hello'],
  ['chunks with extension and trailer', chunked, 'hello, world!'],
  ['interim answers', interim, 'hello'],
] as const) {
  test(`an answer with ${name} is read however it is cut`, () => {
    for (let cut = 1; cut < wire.length; cut++) {
      const sink = recorder()
      assert.equal(feedCut(new AnswerParser(sink), wire, [cut]), 'complete')
      assert.deepEqual([sink.statuses, sink.body], [[200], body])
    }
    const sink = recorder()
    const everyByte = Array.from({ length: wire.length }, (_, i) => i)
    assert.equal(feedCut(new AnswerParser(sink), wire, everyByte), 'complete')
    assert.equal(sink.body, body)
  })
}

test('any chunks, cut anywhere, give back the bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 })), fc.array(fc.nat(500)), (parts, cuts) => {
      const texts = parts.map((part) => Buffer.from(part).toString('latin1'))
      const wire = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('')}0\r\n\r\n`
      const sink = recorder()
      assert.equal(feedCut(new AnswerParser(sink), wire, cuts), 'complete')
      assert.equal(sink.body, texts.join(''))
    }),
  )
})

test('a parser reads one answer after the other', () => {
  const parser = new AnswerParser(recorder())
  for (const wire of [chunked, sized, chunked]) {
    const sink = recorder()
    parser.begin(sink)
    assert.equal(parser.feed(Buffer.from(wire)), 'complete')
    assert.deepEqual(sink.statuses, [200])
    assert.equal(parser.keepAlive, true)
  }
})

test('answers without a body end with their head', () => {
  for (const head of ['204 No Content', '304 Not Modified', '200 OK\r\ncontent-length: 0']) {
    assert.equal(new AnswerParser(recorder()).feed(Buffer.from(`HTTP/1.1 ${head}\r\n\r\n`)), 'complete', head)
  }
})

test('without a length the end of the connection ends the answer', () => {
  const sink = recorder()
  const parser = new AnswerParser(sink)
  assert.equal(parser.feed(Buffer.from('HTTP/1.1 200 OK\r\n\r\nsome')), 'more')
  assert.equal(parser.feed(Buffer.from(' text')), 'more')
  assert.deepEqual([sink.body, parser.endsByClose, parser.keepAlive], ['some text', true, false])
})

test('the connection is not kept when the server says so or is too old', () => {
  for (const [head, keepAlive] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 1', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1', false],
  ] as const) {
    const parser = new AnswerParser(recorder())
    assert.equal(parser.feed(Buffer.from(`${head}\r\n\r\nx`)), 'complete')
    assert.equal(parser.keepAlive, keepAlive, head)
  }
})

test('what is not HTTP/1.1 is refused', () => {
  const chunkedHead = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  for (const wire of [
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/2.0 200 OK\r\n\r\n',
    `${chunkedHead}xyz\r\n`,
    `${chunkedHead}\r\n`,
    `${chunkedHead}1\r\nab`,
    `${chunkedHead}1000000000000\r\n`,
    `${sized} and more`,
    `x: ${'y'.repeat(70_000)}`,
  ]) {
    assert.equal(new AnswerParser(recorder()).feed(Buffer.from(wire)), 'malformed', wire.slice(0, 60))
  }
})

test('a sink that stops hears nothing more', () => {
  for (const wire of [chunked, sized]) {
    let calls = 0
    const parser = new AnswerParser({
      head() {},
      data() {
        calls++
        parser.stop()
      },
    })
    assert.equal(parser.feed(Buffer.from(wire)), 'stopped')
    assert.equal(calls, 1)
  }
})
