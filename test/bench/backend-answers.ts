/** Whole HTTP messages, made once, that the static backend answers with. */
import { createMetricsPage } from './metrics-page.ts'

export interface BackendAnswers {
  readonly json: Buffer
  /** A stream is this, then `chunk` for each token, then `streamEnd`. */
  readonly streamHead: string
  readonly chunk: string
  readonly streamEnd: string
  readonly models: Buffer
  readonly health: Buffer
  readonly notFound: Buffer
  readonly metrics: (running: number) => Buffer
}

const MODEL = 'bench-model'
const HEAD = `"id":"chatcmpl-0123456789abcdef","created":1763900000,"model":"${MODEL}"`
const USAGE = '"usage":{"prompt_tokens":256,"completion_tokens":96,"total_tokens":352,"prompt_tokens_details":{"cached_tokens":0}}'
const CHUNK = `{${HEAD},"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}`
const WORD = 'static '

export function prepareAnswers(answerChars: number): BackendAnswers {
  const content = WORD.repeat(Math.ceil(answerChars / WORD.length)).slice(0, answerChars)
  const choice = `{"index":0,"message":{"role":"assistant","content":"${content}"},"text":"","logprobs":null,"finish_reason":"length"}`
  const page = createMetricsPage()
  return {
    json: message('200 OK', 'application/json', `{${HEAD},"object":"chat.completion","choices":[${choice}],${USAGE}}`),
    streamHead: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
    chunk: chunk(`data: ${CHUNK}\n\n`),
    streamEnd: `${chunk(`data: {${HEAD},"object":"chat.completion.chunk","choices":[],${USAGE}}\n\ndata: [DONE]\n\n`)}0\r\n\r\n`,
    models: message('200 OK', 'application/json', `{"object":"list","data":[{"id":"${MODEL}","object":"model","owned_by":"vllm"}]}`),
    health: message('200 OK', 'text/plain', ''),
    notFound: message('404 Not Found', 'text/plain', 'not found\n'),
    metrics: (running) => message('200 OK', 'text/plain; version=0.0.4', `${page.beforeRunning}${running}${page.afterRunning}`),
  }
}

function message(status: string, contentType: string, body: string): Buffer {
  return Buffer.from(`HTTP/1.1 ${status}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
}

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`
}
