import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { InferenceError } from '#/errors.ts'
import type { ErrorCode } from '#/errors.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { chunkSizes, damagedObject, toChunks } from '#/lib/json-scan/json-text.arbitrary.ts'
import type { Exchange } from '#/request/exchange.ts'
import { API_ROUTES, findApiRoute } from '#/request/parse/api-routes.ts'
import { parseRequest } from '#/request/parse/parse-request.ts'
import type { ParsedRequest } from '#/request/parse/parse-request.ts'

const scanner = new JsonScanner()

function exchangeOf(
  path: string,
  body: readonly Uint8Array[],
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Exchange {
  return {
    requestId: 'r1',
    receivedAtMs: 1,
    method: 'POST',
    path,
    headers: { get: (name) => headers[name] },
    body,
    bodyBytes: body.reduce((sum, chunk) => sum + chunk.length, 0),
  }
}

function parse(path: string, body: string | Uint8Array | readonly Uint8Array[], headers?: Record<string, string>): ParsedRequest {
  const chunks = typeof body === 'string' ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : body
  return parseRequest(exchangeOf(path, chunks, headers), findApiRoute(path)!, scanner)
}

function errorOf(path: string, body: string | Uint8Array | readonly Uint8Array[], headers?: Record<string, string>): InferenceError {
  try {
    parse(path, body, headers)
  } catch (error) {
    assert.ok(error instanceof InferenceError, String(error))
    return error
  }
  return assert.fail(`accepted: ${String(body).slice(0, 100)}`)
}

const CHAT = '/v1/chat/completions'
const MESSAGES = '[{"role":"user","content":"hi"}]'

describe('parseRequest', () => {
  it('reads the facts of a chat', () => {
    const body = `{"messages":${MESSAGES},"stream":true,"max_tokens":7,"max_completion_tokens":9,"cache_salt":"s","n":3,"model":"m"}`
    const parsed = parse(CHAT, body)
    assert.equal(parsed.api, 'chat-completions')
    assert.equal(parsed.model, 'm')
    assert.equal(body.slice(parsed.modelRange.start, parsed.modelRange.end), '"m"')
    assert.equal(parsed.stream, true)
    assert.equal(parsed.maxOutputTokens, 9)
    assert.equal(parsed.cacheSalt, 's')
    assert.equal(parsed.inputTokens, Math.ceil((MESSAGES.length - 2) / 4))
  })

  it('reads each API by its own keys', () => {
    assert.equal(parse('/v1/completions', '{"model":"m","prompt":"12345"}').inputTokens, 2)
    assert.equal(parse('/v1/completions', '{"model":"m","prompt":["12345","6"]}').inputTokens, 3)
    assert.equal(parse('/v1/embeddings', '{"model":"m","input":"12345","stream":"not read"}').stream, false)
    assert.equal(parse('/v1/embeddings', `{"model":"m","messages":${MESSAGES}}`).inputTokens, 8)
    assert.equal(parse('/v1/embeddings', `{"model":"m","input":null,"messages":${MESSAGES}}`).inputTokens, 8)
    const anthropic = parse('/v1/messages', `{"model":"m","max_tokens":5,"system":"abcd","tools":[{}],"messages":${MESSAGES}}`)
    assert.equal(anthropic.api, 'messages')
    assert.equal(anthropic.inputTokens, Math.ceil((4 + 2 + MESSAGES.length - 2) / 4))
    assert.equal(findApiRoute('/v1/models'), undefined)
    assert.deepEqual(
      API_ROUTES.map((route) => route.methods),
      API_ROUTES.map(() => ['POST']),
    )
  })

  it('counts token ids exactly, in one prompt or many, and only significant bytes of text', () => {
    assert.equal(parse('/v1/completions', '{"model":"m","prompt":[1, 22,333 ]}').inputTokens, 3)
    assert.equal(parse('/v1/completions', '{"model":"m","prompt":[[1,2],[3]]}').inputTokens, 3)
    assert.equal(parse('/v1/embeddings', '{"model":"m","input":[]}').inputTokens, 0)
    assert.equal(parse('/v1/embeddings', '{"model":"m","input":[ "a b" ,\n  "c" ]}').inputTokens, Math.ceil('"a b","c"'.length / 4))
  })

  it('takes null for absent where the engines do', () => {
    const parsed = parse(
      CHAT,
      `{"model":"m","messages":${MESSAGES},"stream":null,"max_tokens":null,"max_completion_tokens":3,"cache_salt":null,"tools":null}`,
    )
    assert.deepEqual([parsed.stream, parsed.maxOutputTokens, parsed.cacheSalt, parsed.prompt[0]], [false, 3, '', undefined])
    assert.equal(parse('/v1/completions', '{"model":"m","prompt":null,"prompt_embeds":"AAAA"}').inputTokens, 0)
    assert.equal(parse('/v1/completions', '{"model":"m"}').maxOutputTokens, undefined)
  })

  it('refuses what it must, with a code, the field at fault and the place', () => {
    const cases: [path: string, body: string | Uint8Array, code: ErrorCode, param: string | undefined, message: RegExp][] = [
      [CHAT, '', 'malformed_json', undefined, /at byte 0\b/],
      [CHAT, `{"model":"m","messages":${MESSAGES}`, 'malformed_json', undefined, /at byte 56\b/],
      [CHAT, `{"model":"m","messages":${MESSAGES}}}`, 'malformed_json', undefined, /at byte 57\b/],
      [CHAT, '["model"]', 'malformed_json', undefined, /at byte 0\b/],
      [CHAT, '{"model":"m\0"}', 'malformed_json', undefined, /at byte 11\b/],
      [CHAT, '{"model":"m"\0}', 'malformed_json', undefined, /at byte 12\b/],
      [CHAT, Buffer.from('{"model":"\xff"}', 'latin1'), 'invalid_encoding', undefined, /at byte 10\b/],
      [
        CHAT,
        `{"model":"m","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
        'nested_too_deeply',
        undefined,
        /512 levels.* at byte 535\b/,
      ],
      [CHAT, `{"model":"m","messages":${MESSAGES},"mod\\u0065l":"n"}`, 'duplicate_key', 'model', /"model" at byte 57\b/],
      [CHAT, `{"model":"m","messages":${MESSAGES},"messages":[]}`, 'duplicate_key', 'messages', /"messages"/],
      [CHAT, `{"messages":${MESSAGES}}`, 'missing_model', 'model', /`model`/],
      [CHAT, `{"messages":[{"model":"m"}]}`, 'missing_model', 'model', /`model`/],
      [CHAT, `{"model":null,"messages":${MESSAGES}}`, 'invalid_value', 'model', /a string of 1 to 256 bytes/],
      [CHAT, `{"model":"","messages":${MESSAGES}}`, 'invalid_value', 'model', /256/],
      [CHAT, `{"model":["m"],"messages":${MESSAGES}}`, 'invalid_value', 'model', /256/],
      [CHAT, `{"model":"${'é'.repeat(129)}","messages":${MESSAGES}}`, 'invalid_value', 'model', /256/],
      [CHAT, `{"model":"${'m'.repeat(100_000)}","messages":${MESSAGES}}`, 'invalid_value', 'model', /256/],
      [CHAT, `{"model":"m","stream":"true","messages":${MESSAGES}}`, 'invalid_value', 'stream', /a boolean/],
      [CHAT, `{"model":"m","stream":1,"messages":${MESSAGES}}`, 'invalid_value', 'stream', /a boolean/],
      [CHAT, `{"model":"m","max_tokens":-1,"messages":${MESSAGES}}`, 'invalid_value', 'max_tokens', /whole number/],
      [CHAT, `{"model":"m","max_tokens":1.5,"messages":${MESSAGES}}`, 'invalid_value', 'max_tokens', /whole number/],
      [CHAT, `{"model":"m","max_tokens":1e999,"messages":${MESSAGES}}`, 'invalid_value', 'max_tokens', /whole number/],
      [CHAT, `{"model":"m","max_tokens":${'1'.repeat(33)},"messages":${MESSAGES}}`, 'invalid_value', 'max_tokens', /whole number/],
      [CHAT, `{"model":"m","max_completion_tokens":"9","messages":${MESSAGES}}`, 'invalid_value', 'max_completion_tokens', /whole number/],
      [CHAT, `{"model":"m","cache_salt":1,"messages":${MESSAGES}}`, 'invalid_value', 'cache_salt', /1024 bytes/],
      [CHAT, `{"model":"m","cache_salt":"${'s'.repeat(1025)}","messages":${MESSAGES}}`, 'invalid_value', 'cache_salt', /1024 bytes/],
      [CHAT, '{"model":"m"}', 'invalid_value', 'messages', /an array/],
      [CHAT, '{"model":"m","messages":null}', 'invalid_value', 'messages', /an array/],
      [CHAT, '{"model":"m","messages":"hi"}', 'invalid_value', 'messages', /`messages` must be an array\./],
      ['/v1/messages', '{"model":"m","messages":{}}', 'invalid_value', 'messages', /an array/],
      ['/v1/completions', '{"model":"m","prompt":{}}', 'invalid_value', 'prompt', /a string or an array/],
      ['/v1/completions', '{"model":"m","prompt":5}', 'invalid_value', 'prompt', /a string or an array/],
      ['/v1/embeddings', '{"model":"m"}', 'invalid_value', 'input', /a string or an array/],
      ['/v1/embeddings', '{"model":"m","input":true}', 'invalid_value', 'input', /a string or an array/],
      ['/v1/embeddings', '{"model":"m","messages":"hi"}', 'invalid_value', 'messages', /an array/],
    ]
    for (const [path, body, code, param, message] of cases) {
      const error = errorOf(path, body)
      assert.deepEqual([error.code, error.param], [code, param], String(body).slice(0, 100))
      assert.match(error.message, message)
      assert.equal(error.definition.status, 400)
    }
  })

  it('takes values at their limits', () => {
    const parsed = parse(CHAT, `{"model":"${'é'.repeat(128)}","cache_salt":"${'s'.repeat(1024)}","max_tokens":0,"messages":[]}`)
    assert.deepEqual([parsed.model.length, parsed.cacheSalt.length, parsed.maxOutputTokens, parsed.inputTokens], [128, 1024, 0, 0])
    assert.equal(parse(CHAT, `{"model":"${'\\u006d'.repeat(256)}","messages":[]}`).model, 'm'.repeat(256))
  })

  it('wants plain JSON, and looks at the body where no content-type is given', () => {
    const body = `{"model":"m","messages":${MESSAGES}}`
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', ' application/json ']) {
      assert.equal(parse(CHAT, body, { 'content-type': type }).model, 'm', type)
    }
    for (const type of [
      'text/plain',
      '',
      'application/json, text/plain',
      'application/jsonl',
      'application/x-www-form-urlencoded',
      'text/json',
    ]) {
      assert.deepEqual([errorOf(CHAT, body, { 'content-type': type }).code], ['unsupported_media_type'], type)
    }
    assert.equal(parse(CHAT, body, {}).model, 'm')
    assert.equal(errorOf(CHAT, 'model=m', {}).code, 'malformed_json')
    for (const encoding of ['identity', 'Identity', '']) {
      assert.equal(parse(CHAT, body, { 'content-type': 'application/json', 'content-encoding': encoding }).model, 'm')
    }
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      assert.equal(errorOf(CHAT, body, { 'content-type': 'application/json', 'content-encoding': encoding }).definition.status, 415)
    }
  })

  it('passes what it does not read: odd keys, repeated ones, and prototypes', () => {
    const parsed = parse(
      CHAT,
      `{"__proto__":{"model":"x"},"constructor":1,"x":1,"x":2,"system":5,"prompt":5,"model":"m","messages":[{"__proto__":{}}]}`,
    )
    assert.equal(parsed.model, 'm')
    assert.equal(({} as Record<string, unknown>)['model'], undefined)
  })

  it('finds an escaped model key behind a 200 KB prompt, wherever chunks cut it', () => {
    const text = `{"messages":[{"content":"${'a "quoted" line\n'.repeat(13_000).replaceAll('"', '\\"').replaceAll('\n', '\\n')}"}],"mod\\u0065l":"na\\u006de"}`
    const body = Buffer.from(text)
    const from = text.lastIndexOf('"mod')
    for (let cut = from; cut <= body.length; cut++) {
      const parsed = parse(CHAT, [body.subarray(0, cut), body.subarray(cut)])
      assert.equal(parsed.model, 'name')
      assert.equal(text.slice(parsed.modelRange.start, parsed.modelRange.end), '"na\\u006de"')
    }
    assert.equal(parse(CHAT, toChunks(body, [1])).model, 'name')
  })

  it('reads the same facts, or refuses for the same reason, however the body is cut', () => {
    const member = fc.oneof(
      fc.constantFrom(
        '"model":"m"',
        '"mod\\u0065l":"é\\u0041"',
        '"model":""',
        `"messages":${MESSAGES}`,
        '"messages":[ ]',
        '"prompt" : "a b\\n"',
      ),
      fc.constantFrom(
        '"prompt":[1, 2,3]',
        '"input":["x"," y"]',
        '"stream":true',
        '"stream":null',
        '"max_tokens":12',
        '"max_completion_tokens":1e2',
      ),
      fc.constantFrom('"cache_salt":"中"', '"tools":[{"a":1}, {}]', '"system":" s "', '"n":1', '"__proto__":{}', '"max_tokens":-1', '"x"'),
    )
    const body = fc.oneof(
      { weight: 4, arbitrary: fc.array(member, { maxLength: 6 }).map((members) => Buffer.from(`{${members.join(', ')}}`)) },
      damagedObject,
    )
    const outcome = (path: string, chunks: readonly Uint8Array[]): unknown => {
      try {
        return JSON.parse(JSON.stringify(parse(path, chunks), (key, value: unknown) => (key.startsWith('chunk') ? undefined : value)))
      } catch (error) {
        assert.ok(error instanceof InferenceError, String(error))
        return [error.code, error.message, error.param]
      }
    }
    fc.assert(
      fc.property(body, fc.constantFrom(...API_ROUTES), chunkSizes, (bytes, route, sizes) => {
        assert.deepEqual(outcome(route.path, toChunks(bytes, sizes)), outcome(route.path, [bytes]))
      }),
      { numRuns: 500 },
    )
  })
})
