import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError, ResponseReader } from '#/fleet/scrape/response-reader.ts'

interface Read {
  readonly status: number
  readonly body: string
  readonly done: boolean
  readonly reusable: boolean
}

/** What a reader makes of these chunks, and of the end of the connection if `closed`. */
function read(chunks: readonly Buffer[], closed = false): Read {
  let status = 0
  let body = ''
  const reader = new ResponseReader({
    head(code) {
      assert.equal(status, 0, 'one head')
      status = code
    },
    data: (chunk) => (body += chunk.toString('latin1')),
    end: () => assert.fail('the end is for the connection to tell'),
    fail: () => assert.fail('the reader throws'),
  })
  for (const chunk of chunks) reader.read(chunk)
  const done = closed ? reader.close() : reader.done
  return { status, body, done, reusable: reader.reusable }
}

const ANSWERS: readonly [name: string, wire: string, expected: Read][] = [
  ['content-length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', { status: 200, body: 'hello', done: true, reusable: true }],
  ['no reason phrase', 'HTTP/1.1 200\r\ncontent-length:0\r\n\r\n', { status: 200, body: '', done: true, reusable: true }],
  [
    'equal lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nab',
    { status: 200, body: 'ab', done: true, reusable: true },
  ],
  ['no body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '', done: true, reusable: true }],
  [
    'closing',
    'HTTP/1.1 503 Busy\r\nconnection: Close\r\ncontent-length: 1\r\n\r\nx',
    { status: 503, body: 'x', done: true, reusable: false },
  ],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx', { status: 200, body: 'x', done: true, reusable: false }],
  [
    'interim',
    'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx',
    { status: 200, body: 'x', done: true, reusable: true },
  ],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA ;ext="1"\r\n, my world\r\n0\r\ntrailer: x\r\n\r\n',
    { status: 200, body: 'hello, my world', done: true, reusable: true },
  ],
]

for (const [name, wire, expected] of ANSWERS) {
  test(`reads an answer: ${name}, cut anywhere`, () => {
    const bytes = Buffer.from(wire, 'latin1')
    assert.deepEqual(read([bytes]), expected)
    for (let border = 1; border < bytes.length; border++)
      assert.deepEqual(read([bytes.subarray(0, border), bytes.subarray(border)]), expected)
    assert.deepEqual(read(Array.from(bytes, (byte) => Buffer.of(byte))), expected)
    for (let length = 0; length < bytes.length; length++)
      assert.equal(read([bytes.subarray(0, length)], true).done, false, 'not done before its end')
  })
}

test('a body without a length goes on until the connection ends', () => {
  const wire = [Buffer.from('HTTP/1.1 200 OK\r\n\r\nab'), Buffer.from('cd')]
  assert.equal(read(wire).done, false)
  assert.deepEqual(read(wire, true), { status: 200, body: 'abcd', done: true, reusable: false })
})

for (const [name, wire] of [
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['one byte of another protocol', '\x15'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['a bad status', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['a protocol switch', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ['a field without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
  ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
  ['two codings', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n'],
  ['bytes behind the end', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy'],
  ['a bad chunk size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n'],
  ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n'],
  ['a bare line feed', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\na'],
  ['an endless head', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`],
  ['an endless chunk line', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'y'.repeat(2000)}`],
  ['an endless trailer', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(5000)}`],
] as const) {
  test(`refuses ${name}`, () => {
    assert.throws(() => read([Buffer.from(wire, 'latin1')]), ProtocolError)
    assert.throws(() => read(Array.from(Buffer.from(wire, 'latin1'), (byte) => Buffer.of(byte))), ProtocolError)
  })
}

test('after a stop the sink hears nothing, not even of the same chunk', () => {
  const heard: string[] = []
  const reader: ResponseReader = new ResponseReader({
    head: () => heard.push('head'),
    data(chunk) {
      heard.push(chunk.toString())
      reader.stop()
    },
    end: () => heard.push('end'),
    fail: () => heard.push('fail'),
  })
  reader.read(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n'))
  reader.read(Buffer.from('more'))
  assert.deepEqual(heard, ['head', 'a'])
})
