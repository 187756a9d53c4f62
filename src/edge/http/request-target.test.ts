import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseRequestTarget } from '#/edge/http/request-target.ts'

const cases: readonly [target: string, path: string, query: string][] = [
  ['/v1/models', '/v1/models', ''],
  ['/v1/models?a=/../b', '/v1/models', '?a=/../b'],
  ['/v1/chat/../models', '/v1/models', ''],
  ['/v1/%2e%2E/v1/./models', '/v1/models', ''],
  ['//v1///models', '/v1/models', ''],
  ['/../../etc/passwd', '/etc/passwd', ''],
  ['/a/..', '/', ''],
  ['/a/b/.', '/a/b/', ''],
  ['/%76%31/models', '/v1/models', ''],
  ['/v1/models/meta%2fllama', '/v1/models/meta%2Fllama', ''],
  ['/a%5cb', '/a%5Cb', ''],
  ['http://example.com:80/v1/models?x', '/v1/models', '?x'],
  ['HTTPS://example.com', '/', ''],
]
for (const [target, path, query] of cases) {
  test(`${target} is ${path}${query}`, () => assert.deepEqual(parseRequestTarget(target), { path, query }))
}

for (const target of [
  '',
  '*',
  'v1/models',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%00',
  '/a%0d%0ab',
  '/a%7f',
  '/a\\b',
  '/a b',
  '/a"b',
  '/ä',
  '/a#b',
  '/a?b#c',
  'ftp://a/b',
]) {
  test(`${JSON.stringify(target)} is no path`, () => assert.equal(parseRequestTarget(target), undefined))
}

test('normalising twice changes nothing, and leaves nothing that could climb', () => {
  const target = fc.array(fc.constantFrom('/', '.', '..', '%2e', '%2F', '%41', 'a', 'v1', '%', '//', '?', '~'), { maxLength: 12 })
  fc.assert(
    fc.property(target, (pieces) => {
      const once = parseRequestTarget(`/${pieces.join('')}`)
      if (once === undefined) return
      assert.doesNotMatch(once.path, /\/\/|\/\.{1,2}(\/|$)|%2e/i)
      assert.deepEqual(parseRequestTarget(once.path + once.query), once)
    }),
  )
})
