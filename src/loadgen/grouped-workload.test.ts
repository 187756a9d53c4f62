import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRng } from '#/lib/rng.ts'
import { groupedWorkload } from '#/loadgen/grouped-workload.ts'
import { PromptText } from '#/loadgen/prompt-text.ts'
import { RequestTemplate, type Api } from '#/loadgen/request-template.ts'
import type { Workload } from '#/loadgen/workload.ts'

interface Body {
  model: string
  prompt?: string
  messages?: { role: string; content: string }[]
  max_tokens: number
  stream?: boolean
  stream_options?: { include_usage: boolean }
}

function nextBody(workload: Workload): Body {
  const request = workload.next()!
  const target = Buffer.alloc(request.bodyBytes)
  request.write(target, 0)
  return JSON.parse(target.toString())
}

function workload(api: Api, stream: boolean, bodyBytes: number, sharedBytes: number): Workload {
  return groupedWorkload({
    template: new RequestTemplate({ api, model: 'base "1"', stream }),
    text: new PromptText(1),
    rng: createRng(1),
    bodyBytes,
    maxTokens: 24,
    groups: 3,
    sharedBytes,
  })
}

test('bodies have the size asked for and are what the API expects', () => {
  const chat = workload('chat', true, 1000, 200)
  assert.equal(chat.next()?.bodyBytes, 1000)
  const body = nextBody(chat)
  assert.deepEqual([body.model, body.max_tokens, body.stream, body.stream_options], ['base "1"', 24, true, { include_usage: true }])
  assert.deepEqual(
    body.messages?.map((message) => message.role),
    ['user'],
  )
  const completion = nextBody(workload('completions', false, 1000, 200))
  assert.equal(typeof completion.prompt, 'string')
  assert.equal(completion.stream, undefined)
})

test('a group shares exactly its prefix', () => {
  const source = workload('completions', false, 2000, 600)
  const prompts = Array.from({ length: 60 }, () => nextBody(source).prompt!)
  assert.equal(new Set(prompts.map((prompt) => prompt.slice(0, 600))).size, 3)
  assert.equal(new Set(prompts.map((prompt) => prompt.slice(600, 700))).size, 60)
})

test('a body without room for the shared text is refused with the size it takes', () => {
  assert.throws(() => workload('chat', false, 300, 300), { name: 'RangeError', message: /takes at least \d+/ })
  assert.throws(() => workload('chat', false, 10, 0), RangeError)
})
