import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadTargetError, resolveLoadTarget } from '#/loadgen/load-target.ts'

test('a base URL, with or without scheme, port and /v1', async () => {
  assert.deepEqual(await resolveLoadTarget('http://127.0.0.1:8080/', false), {
    url: 'http://127.0.0.1:8080',
    address: '127.0.0.1',
    port: 8080,
    authority: '127.0.0.1:8080',
    basePath: '',
  })
  assert.equal((await resolveLoadTarget('127.0.0.2:81', false)).port, 81)
  assert.equal((await resolveLoadTarget('http://127.0.0.1', false)).port, 80)
  assert.equal((await resolveLoadTarget('http://127.0.0.1:8080/v1', false)).basePath, '')
  const nested = await resolveLoadTarget('http://127.0.0.1:8080/team/v1/', false)
  assert.deepEqual([nested.basePath, nested.url], ['/team', 'http://127.0.0.1:8080/team'])
  const six = await resolveLoadTarget('http://[::1]:9000', false)
  assert.deepEqual([six.address, six.authority], ['::1', '[::1]:9000'])
})

test('localhost is resolved once, to an address', async () => {
  assert.match((await resolveLoadTarget('http://localhost:8080', false)).address, /^(127\.0\.0\.1|::1)$/)
})

test('another machine needs consent', async () => {
  for (const url of ['http://192.0.2.7:8080', 'http://[2001:db8::1]:8080', 'http://128.0.0.1']) {
    await assert.rejects(resolveLoadTarget(url, false), { constructor: LoadTargetError, message: /is not this machine.*--allow-remote/ })
  }
  assert.equal((await resolveLoadTarget('http://192.0.2.7:8080', true)).address, '192.0.2.7')
})

test('what cannot be loaded is named with the reason', async () => {
  for (const [url, message] of [
    ['https://127.0.0.1', /only http:\/\//],
    ['http://', /is not a URL/],
    ['http://127.0.0.1:8080/?a=b', /without user, query or fragment/],
    ['http://me:secret@127.0.0.1', /--header/],
    ['http://no-such-host.invalid', /cannot resolve the host name 'no-such-host.invalid'/],
  ] as const) {
    await assert.rejects(resolveLoadTarget(url, false), message)
  }
})
