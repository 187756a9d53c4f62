import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StartError, toStartError } from '#/app/start-error.ts'

function messageFor(code: string | undefined, flag = '--port'): string {
  const cause = Object.assign(new Error('listen failed'), code === undefined ? {} : { code })
  const error = toStartError(cause, '10.0.0.1', 80, flag)
  assert.ok(error instanceof StartError)
  assert.equal(error.cause, cause)
  return error.message
}

test('a failed listen becomes a sentence that names the port or the address, and the flag that chooses another', () => {
  assert.equal(messageFor('EADDRINUSE'), 'port 80 on 10.0.0.1 is taken; choose another one with --port')
  assert.equal(messageFor('EADDRINUSE', '--admin-port'), 'port 80 on 10.0.0.1 is taken; choose another one with --admin-port')
  assert.match(messageFor('EACCES'), /no permission to listen on port 80; .*--port/)
  assert.match(messageFor('EADDRNOTAVAIL', '--admin-port'), /^10\.0\.0\.1 is no address of this machine; .*--admin-host$/)
  assert.match(messageFor('ENOTFOUND'), /--host$/)
})

test('any other reason is passed on', () => {
  assert.equal(messageFor('EMFILE'), 'cannot listen on 10.0.0.1:80: listen failed')
  assert.equal(messageFor(undefined), 'cannot listen on 10.0.0.1:80: listen failed')
  assert.equal(toStartError('odd', 'h', 1, '--port').message, 'cannot listen on h:1: odd')
})
