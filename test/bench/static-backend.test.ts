import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startStaticBackend } from './static-backend.ts'

const OPTIONS = { ports: 1, intervalMs: 0, answerChars: 480 }

async function post(url: string, body: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })
  assert.equal(response.status, 200)
  return await response.text()
}

test('an answer is JSON with usage and the text length asked for', async () => {
  await using backend = await startStaticBackend(OPTIONS)
  const answer: { choices: { message: { content: string } }[]; usage: { prompt_tokens: number } } = JSON.parse(
    await post(backend.urls[0]!, '{"model":"m"}'),
  )
  assert.equal(answer.choices[0]?.message.content.length, 480)
  assert.ok(answer.usage.prompt_tokens > 0)
})

test('a stream has max_tokens chunks, usage and [DONE], with and without pauses', async () => {
  for (const intervalMs of [0, 1]) {
    await using backend = await startStaticBackend({ ...OPTIONS, intervalMs })
    const events = (await post(backend.urls[0]!, '{"stream":true,"max_tokens":5}')).split('\n\n').filter(Boolean)
    assert.equal(events.length, 7)
    assert.equal(events[6], 'data: [DONE]')
    for (const event of events.slice(0, 6)) JSON.parse(event.slice('data: '.length))
    assert.equal(events.filter((event) => event.includes('"content"')).length, 5)
  }
})

test('what matters is found in the last bytes of a large body', async () => {
  await using backend = await startStaticBackend(OPTIONS)
  const text = await post(backend.urls[0]!, `{"prompt":"${'x'.repeat(300_000)}","max_tokens":3,"stream":true}`)
  assert.equal(text.split('"content"').length - 1, 3)
})

test('each endpoint counts its own running requests on a page of a real size', async () => {
  await using backend = await startStaticBackend({ ...OPTIONS, ports: 2, intervalMs: 60_000 })
  const [busy, idle] = backend.urls
  const running = async (url: string): Promise<string | undefined> => {
    const page = await (await fetch(`${url}/metrics`)).text()
    assert.ok(page.length > 25_000 && page.length < 33_000, `${page.length} bytes`)
    return /^vllm:num_requests_running\{.*\} (\S+)$/m.exec(page)?.[1]
  }
  const controller = new AbortController()
  const stream = await fetch(`${busy}/v1/completions`, { method: 'POST', body: '{"stream":true}', signal: controller.signal })
  assert.equal(stream.status, 200)
  assert.deepEqual([await running(busy!), await running(idle!)], ['1.0', '0.0'])
  controller.abort()
  // The server learns of it in its own time.
  for (let i = 0; i < 500 && (await running(busy!)) !== '0.0'; i++) await sleep(2)
  assert.equal(await running(busy!), '0.0')
})

test('models, health, and nothing else', async () => {
  await using backend = await startStaticBackend(OPTIONS)
  const models: { data: { id: string }[] } = JSON.parse(await (await fetch(`${backend.urls[0]}/v1/models`)).text())
  assert.equal(models.data[0]?.id, 'bench-model')
  assert.equal((await fetch(`${backend.urls[0]}/health`)).status, 200)
  assert.equal((await fetch(`${backend.urls[0]}/other`)).status, 404)
})

test('requests are read however they are cut, chunked or not, one after the other', async () => {
  await using backend = await startStaticBackend({ ...OPTIONS, answerChars: 5 })
  const socket = connect(Number(new URL(backend.urls[0]!).port), '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const wire =
    'POST /v1/completions HTTP/1.1\r\nContent-Length: 4\r\n\r\n{  }' +
    'POST /v1/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{ \r\n1\r\n}\r\n0\r\n\r\n' +
    'GET /health HTTP/1.1\r\n\r\n'
  for (const byte of wire) await new Promise((resolve) => socket.write(byte, resolve))
  while (text.split('HTTP/1.1 200 OK').length < 4) await once(socket, 'data')
  socket.destroy()
  assert.equal(text.split('"content":"stati"').length - 1, 2)
})
