import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, toLoggable } from '#/telemetry/logger.ts'

function linesOf(level: string, format: 'json' | 'pretty'): string[] {
  const lines: string[] = []
  const log = createLogger({ level, format, write: (line) => void lines.push(line) })
  log.debug('not asked for')
  log.warn({ endpoint: 'e:1' }, 'endpoint is down')
  return lines
}

test('a JSON line for a log line, with level and time', () => {
  const [line, ...others] = linesOf('info', 'json')
  assert.deepEqual(others, [])
  const parsed: unknown = JSON.parse(line!)
  assert.ok(typeof parsed === 'object' && parsed !== null && 'time' in parsed && typeof parsed.time === 'string')
  assert.match(parsed.time, /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual({ ...parsed, time: '' }, { level: 40, time: '', endpoint: 'e:1', msg: 'endpoint is down' })
})

test('the pretty form says the same to a person', () => {
  const text = linesOf('info', 'pretty').join('')
  assert.match(text, /WARN/)
  assert.match(text, /endpoint is down/)
  assert.match(text, /e:1/)
})

test('the level is kept, and silent means silent', () => {
  assert.equal(linesOf('debug', 'json').length, 2)
  assert.equal(linesOf('silent', 'json').length, 0)
})

test('a name from a client is cut and loses what a terminal would obey', () => {
  assert.equal(toLoggable('plain name'), 'plain name')
  assert.equal(toLoggable('a\u001b[2Jb\nc\u009bd\u007f'), 'a\ufffd[2Jb\ufffdc\ufffdd\ufffd')
  assert.equal(toLoggable('x'.repeat(256)), 'x'.repeat(256))
  assert.equal(toLoggable('x'.repeat(300)), `${'x'.repeat(256)}...`)
})
