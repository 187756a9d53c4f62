import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderChat } from '#/sim/text/chat-template.ts'
import { tokenize } from '#/sim/text/pseudo-tokens.ts'

describe('renderChat', () => {
  it('frames each message with its role and ends where the answer begins', () => {
    const pieces = renderChat([{ role: 'user', content: 'Hello' }], [])
    assert.equal(pieces.join(''), '<|user|>\nHello<|end|>\n<|assistant|>\n')
  })

  it('puts tools first, and renders what is not text as JSON', () => {
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'x' } },
        ],
      },
      { role: 'assistant', content: null, extra: [{ id: 'call_1' }] },
    ]
    assert.equal(
      renderChat(messages, [{ name: 'f' }]).join(''),
      '<|system|>\n[{"name":"f"}]<|end|>\n<|user|>\nWhat is this?{"type":"image_url","image_url":{"url":"x"}}<|end|>\n' +
        '<|assistant|>\n[{"id":"call_1"}]<|end|>\n<|assistant|>\n',
    )
  })

  it('gives the next turn of a conversation the tokens of this one as its start', () => {
    const turn = [{ role: 'user', content: 'Hi!' }]
    const before = tokenize(renderChat(turn, []))
    const after = tokenize(renderChat([...turn, { role: 'assistant', content: 'Yes?' }, { role: 'user', content: 'No' }], []))
    assert.deepEqual([...after.subarray(0, before.length)], [...before])
  })
})
