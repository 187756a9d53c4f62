import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { InferenceError } from '#/errors.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { chunkSizes, toChunks, valueText } from '#/lib/json-scan/json-text.arbitrary.ts'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'
import type { Exchange } from '#/request/exchange.ts'
import { findApiRoute } from '#/request/parse/api-routes.ts'
import { parseRequest } from '#/request/parse/parse-request.ts'
import { appendPrompt } from '#/request/parse/prompt-bytes.ts'
import { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { PrefixChain } from '#/sdk/inference-request.ts'

const scanner = new JsonScanner()
const sharedHasher = new BlockHasher()

function requestOf(
  path: string,
  body: string | readonly Uint8Array[],
  headers: Record<string, string> = {},
  hasher: BlockHasher = sharedHasher,
): PromptRequest {
  const chunks = typeof body === 'string' ? [Buffer.from(body)] : body
  const exchange: Exchange = {
    requestId: 'r1',
    receivedAtMs: 12.5,
    method: 'POST',
    path,
    headers: { get: (name) => headers[name] },
    body: chunks,
    bodyBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  }
  return new PromptRequest(exchange, parseRequest(exchange, findApiRoute(path)!, scanner), hasher)
}

function hashedText(request: PromptRequest): string {
  const spans: Uint8Array[] = []
  appendPrompt(request.body, request.parsed.prompt, (chunk, start, end) => {
    spans.push(chunk.subarray(start, end))
    return true
  })
  return Buffer.concat(spans).toString()
}

/** Hashes of the chain as text. */
function hashesOf(chain: PrefixChain): string[] {
  assert.deepEqual([chain.low.length, chain.high.length], [chain.length, chain.length])
  return Array.from(chain.low, (low, i) => `${chain.high[i]!.toString(16)}:${low.toString(16)}`)
}

const CHAT = '/v1/chat/completions'
const ANTHROPIC = '/v1/messages'
const chat = (contents: readonly string[], rest = ''): string =>
  `{"model":"m"${rest},"messages":[${contents.map((content) => `{"role":"user","content":"${content}"}`).join(',')}]}`

describe('PromptRequest', () => {
  it('shows the facts of the request', () => {
    const body = `{"model":"m","stream":true,"max_tokens":3,"messages":[ 1 ]}`
    const request = requestOf(CHAT, [Buffer.from(body.slice(0, 9)), Buffer.from(body.slice(9))], { 'x-a': 'b' })
    const { requestId, receivedAtMs, api, bodyBytes, model, targetModel, stream, inputTokens, maxOutputTokens, priority, fairnessId } =
      request
    assert.deepEqual(
      { requestId, receivedAtMs, api, bodyBytes, model, targetModel, stream, inputTokens, maxOutputTokens, priority, fairnessId },
      {
        requestId: 'r1',
        receivedAtMs: 12.5,
        api: 'chat-completions',
        bodyBytes: body.length,
        model: 'm',
        targetModel: 'm',
        stream: true,
        inputTokens: 1,
        maxOutputTokens: 3,
        priority: 0,
        fairnessId: 'default-flow',
      },
    )
    assert.equal(Buffer.concat(request.body).toString(), body)
    assert.equal(request.headers.get('x-a'), 'b')
  })

  it('takes the fairness id from its header, by the new name or the old one', () => {
    const current = { 'x-llm-d-inference-fairness-id': 'new' }
    const old = { 'x-gateway-inference-fairness-id': 'old' }
    assert.equal(requestOf(CHAT, chat([]), { ...old, ...current }).fairnessId, 'new')
    assert.equal(requestOf(CHAT, chat([]), old).fairnessId, 'old')
    assert.equal(requestOf(CHAT, chat([]), { 'x-llm-d-inference-fairness-id': '' }).fairnessId, 'default-flow')
  })

  it('hashes tools, system and messages in this order wherever they stand, without brackets, quotes and white space', () => {
    const expected = '\0{"a b":1},{}\0be \\"kind\\"\0{"role":"user"},[2]'
    assert.equal(
      hashedText(
        requestOf(
          ANTHROPIC,
          '{ "messages" : [ {"role": "user"} , [ 2 ] ], "system" : "be \\"kind\\"", "model":"m", "tools": [{ "a b": 1}, {}] }',
        ),
      ),
      expected,
    )
    assert.equal(
      hashedText(requestOf(ANTHROPIC, '{"tools":[{"a b":1},{}],"system":"be \\"kind\\"","messages":[{"role":"user"},[2]],"model":"m"}')),
      expected,
    )
    assert.equal(hashedText(requestOf(ANTHROPIC, '{"model":"m","messages":[1]}')), '\0\0\x001')
    assert.equal(hashedText(requestOf(CHAT, '{"model":"m","system":"not read","tools":{"x":1},"messages":[]}')), '\0{"x":1}\0\0')
    assert.equal(hashedText(requestOf('/v1/completions', '{"model":"m","prompt":"a\\u0062 c"}')), '\0\0\0a\\u0062 c')
    assert.equal(hashedText(requestOf('/v1/completions', '{"model":"m","prompt":[1, 2]}')), '\0\0\x001,2')
    assert.equal(hashedText(requestOf('/v1/embeddings', '{"model":"m","input":["x", "y"]}')), '\0\0\0"x","y"')
  })

  it('has nothing to match without a prompt', () => {
    const request = requestOf('/v1/completions', '{"model":"m","prompt_embeds":"AAAA"}')
    assert.equal(hashedText(request), '')
    assert.equal(request.prefixChain(64).length, 0)
  })

  it('hashes the same however the body is cut and spaced', () => {
    fc.assert(
      fc.property(valueText, valueText, chunkSizes, fc.constantFrom(1, 16, 64), (tools, message, sizes, blockBytes) => {
        const body = `{"tools":${tools},"model":"m","messages":[${message},${message}]}`
        const cut = requestOf(CHAT, toChunks(Buffer.from(body), sizes))
        const whole = requestOf(CHAT, body)
        assert.equal(hashedText(cut), hashedText(whole))
        assert.equal(cut.inputTokens, whole.inputTokens)
        assert.deepEqual(hashesOf(cut.prefixChain(blockBytes)), hashesOf(whole.prefixChain(blockBytes)))
        const compact = requestOf(CHAT, body.replaceAll(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, '$1'))
        assert.deepEqual(hashesOf(compact.prefixChain(blockBytes)), hashesOf(whole.prefixChain(blockBytes)))
        assert.equal(compact.inputTokens, whole.inputTokens)
      }),
      { numRuns: 200 },
    )
  })

  it('extends the chain when a conversation goes on, and leaves it where it forks', () => {
    const turns = fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '\\n', '中'), maxLength: 40 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(turns, turns, fc.integer({ min: 8, max: 64 }), (before, after, blockBytes) => {
        const start = requestOf(CHAT, chat(before))
        const short = hashesOf(start.prefixChain(blockBytes))
        const long = hashesOf(requestOf(CHAT, chat([...before, ...after])).prefixChain(blockBytes))
        const fullBlocks = Math.floor(Buffer.byteLength(hashedText(start)) / blockBytes)
        assert.deepEqual(long.slice(0, fullBlocks), short.slice(0, fullBlocks))
        const forked = hashesOf(requestOf(CHAT, chat([`X${before[0]}`, ...before.slice(1)])).prefixChain(blockBytes))
        const common = Math.floor('\0\0\0{"role":"user","content":"'.length / blockBytes)
        assert.deepEqual(
          forked.slice(0, short.length).map((hash, i) => hash === short[i]),
          short.map((_, i) => i < common),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('keeps models and cache salts apart', () => {
    const chains = new Set(
      [
        requestOf(CHAT, chat(['x'])),
        requestOf(CHAT, chat(['x'], ',"cache_salt":"a"')),
        requestOf(CHAT, chat(['x'], ',"cache_salt":"b"')),
        requestOf(CHAT, chat(['x']).replace('"m"', '"n"')),
      ].map((request) => hashesOf(request.prefixChain(64)).join()),
    )
    assert.equal(chains.size, 4)
    const rewritten = requestOf(CHAT, chat(['x']))
    rewritten.resolveTarget('n')
    assert.deepEqual([rewritten.model, rewritten.targetModel], ['m', 'n'])
    assert.ok(chains.has(hashesOf(rewritten.prefixChain(64)).join()))
  })

  it('lets the target model be set once, before the prompt is hashed', () => {
    const request = requestOf(CHAT, chat(['x']))
    request.resolveTarget('n')
    assert.throws(() => request.resolveTarget('o'), /resolved already/)
    const hashed = requestOf(CHAT, chat(['x']))
    hashed.prefixChain(64)
    assert.throws(() => hashed.resolveTarget('n'), /hashed already/)
  })

  it('computes a chain once for each block size until it is released', () => {
    const request = requestOf(CHAT, chat(['x'.repeat(100)]))
    const other = requestOf(CHAT, chat(['y']))
    const chain = request.prefixChain(64)
    const small = request.prefixChain(16)
    other.prefixChain(64)
    assert.equal(request.prefixChain(64), chain)
    assert.equal(request.prefixChain(16), small)
    assert.deepEqual([chain.blockBytes, chain.length, small.length], [64, 3, 9])
    request.releasePrefix()
    assert.notEqual(request.prefixChain(64), chain)
    assert.deepEqual(request.prefixChain(64), chain)
  })

  it('hashes no more than its hasher takes', () => {
    const appended: number[] = []
    class SmallHasher extends BlockHasher {
      override append(chunk: Uint8Array, start: number, end: number): void {
        appended.push(end - start)
        super.append(chunk, start, end)
      }
    }
    const hasher = new SmallHasher(100)
    const chain = requestOf(CHAT, `{"model":"m","messages":[${'1, '.repeat(1000)}1]}`, {}, hasher).prefixChain(16)
    assert.equal(chain.length, 7)
    assert.ok(appended.length < 60, `${appended.length} spans`)
  })

  it('parses the body once, when someone asks', () => {
    const body = Buffer.from(chat(['é']).replace('{', '{"__proto__":1,'))
    const request = requestOf(CHAT, toChunks(body, [1]))
    const json = request.json()
    assert.deepEqual(json, JSON.parse(body.toString()))
    assert.equal(request.json(), json)
  })

  it('reports a body that JSON.parse does not take as malformed', () => {
    const body = Buffer.from(chat(['x']))
    const request = requestOf(CHAT, [body])
    body[0] = 0x20
    assert.throws(
      () => request.json(),
      (error) => error instanceof InferenceError && error.code === 'malformed_json' && error.cause instanceof SyntaxError,
    )
  })
})
