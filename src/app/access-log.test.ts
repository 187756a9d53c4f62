import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logAccess } from '#/app/access-log.ts'
import { createLogger } from '#/telemetry/logger.ts'

function lineOf(record: Parameters<typeof logAccess>[1]): Readonly<Record<string, unknown>> {
  const lines: string[] = []
  logAccess(createLogger({ level: 'info', format: 'json', write: (line) => void lines.push(line) }), record)
  assert.equal(lines.length, 1)
  const parsed: unknown = JSON.parse(lines[0]!)
  assert.ok(typeof parsed === 'object' && parsed !== null)
  return { ...parsed, time: undefined }
}

const RECORD = {
  requestId: 'abc',
  method: 'POST',
  path: '/v1/chat/completions',
  status: 200,
  endpoint: '10.0.0.1:8000',
  requestBytes: 100,
  responseBytes: 2000,
  durationMs: 12.3456,
  ttftMs: 4.5678,
  cause: 'complete',
} as const

test('a request is a line with its figures', () => {
  assert.deepEqual(lineOf(RECORD), { ...RECORD, level: 30, time: undefined, msg: 'request', durationMs: 12.3, ttftMs: 4.6 })
})

test('what did not happen is left out', () => {
  const line = lineOf({ ...RECORD, endpoint: undefined, ttftMs: undefined, status: 0, cause: 'client-gone' })
  assert.ok(!('endpoint' in line) && !('ttftMs' in line))
  assert.equal(line['status'], 0)
})

test('names from clients do no harm to who reads the log', () => {
  const line = lineOf({ ...RECORD, requestId: 'a\u001b[2Jb', path: `/${'x'.repeat(10_000)}` })
  assert.equal(line['requestId'], 'a\ufffd[2Jb')
  assert.equal(String(line['path']).length, 259)
})
