/**
 * A fleet of model servers that costs next to nothing: one process, many ports, answers out of prepared buffers. Chat and completions get a
 * fixed JSON answer or an event stream of `max_tokens` chunks; /metrics, /v1/models and /health are there too. Run as a program it
 * prints its ports as one JSON line and serves until it is killed:
 *   static-backend.ts --ports N [--interval-ms MS] [--answer-chars N]
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { createMetricsPage, type MetricsPage } from './metrics-page.ts'

export interface StaticBackendOptions {
  readonly ports: number
  /** Time between two chunks of a stream; 0: one chunk a turn of the event loop. */
  readonly intervalMs: number
  /** Text in an answer that is not streamed. */
  readonly answerChars: number
}

export interface StaticBackend extends AsyncDisposable {
  readonly urls: readonly string[]
}

const MODEL = 'bench-model'
const LISTEN_BACKLOG = 4096
const EDGE_BYTES = 2048
const DEFAULT_MAX_TOKENS = 16
const EVENT = `data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1763900000,"model":"${MODEL}","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]}\n\n`

export async function startStaticBackend(options: StaticBackendOptions): Promise<StaticBackend> {
  const answers = prepareAnswers(options)
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  const urls: string[] = []
  for (let i = 0; i < options.ports; i++) {
    const endpoint = { running: 0 }
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      const connection = new BackendConnection(socket, answers, endpoint)
      socket.on('data', (bytes: Buffer) => connection.read(bytes))
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        connection.closed()
      })
    })
    server.listen({ port: 0, host: '127.0.0.1', backlog: LISTEN_BACKLOG })
    await once(server, 'listening')
    servers.push(server)
    const address = server.address()
    if (typeof address === 'object' && address !== null) urls.push(`http://127.0.0.1:${address.port}`)
  }
  return {
    urls,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

interface Answers {
  readonly intervalMs: number
  readonly json: Buffer
  readonly streamHead: string
  readonly chunk: string
  readonly streamEnd: string
  readonly models: Buffer
  readonly health: Buffer
  readonly notFound: Buffer
  readonly metrics: MetricsPage
}

function prepareAnswers(options: StaticBackendOptions): Answers {
  const content = 'static '.repeat(Math.ceil(options.answerChars / 7)).slice(0, options.answerChars)
  const usage = `"usage":{"prompt_tokens":256,"completion_tokens":96,"total_tokens":352,"prompt_tokens_details":{"cached_tokens":0}}`
  const head = `"id":"chatcmpl-0123456789abcdef","created":1763900000,"model":"${MODEL}"`
  return {
    intervalMs: options.intervalMs,
    json: message(
      '200 OK',
      'application/json',
      `{${head},"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"${content}"},"text":"","logprobs":null,"finish_reason":"length"}],${usage}}`,
    ),
    streamHead: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
    chunk: chunk(EVENT),
    streamEnd: `${chunk(`data: {${head},"object":"chat.completion.chunk","choices":[],${usage}}\n\ndata: [DONE]\n\n`)}0\r\n\r\n`,
    models: message(
      '200 OK',
      'application/json',
      `{"object":"list","data":[{"id":"${MODEL}","object":"model","created":1763900000,"owned_by":"vllm"}]}`,
    ),
    health: message('200 OK', 'text/plain', ''),
    notFound: message('404 Not Found', 'text/plain', 'not found\n'),
    metrics: createMetricsPage(),
  }
}

function message(status: string, contentType: string, body: string): Buffer {
  return Buffer.from(`HTTP/1.1 ${status}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
}

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`
}

/** Reads requests with a content-length or chunked body, one at a time; of a body only the edges are looked at. */
class BackendConnection {
  readonly #socket: Socket
  readonly #answers: Answers
  readonly #endpoint: { running: number }
  #pending: Buffer | undefined
  #requestLine = ''
  #bodyLeft = 0
  #inBody = false
  #isChunked = false
  #bodyStart = ''
  #bodyEnd = ''
  #chunksLeft = 0
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket, answers: Answers, endpoint: { running: number }) {
    this.#socket = socket
    this.#answers = answers
    this.#endpoint = endpoint
  }

  closed(): void {
    if (this.#chunksLeft > 0) this.#endpoint.running--
    this.#chunksLeft = 0
    clearInterval(this.#timer)
  }

  read(bytes: Buffer): void {
    const input = this.#pending === undefined ? bytes : Buffer.concat([this.#pending, bytes])
    this.#pending = undefined
    let at = 0
    while (at < input.length) {
      if (this.#inBody) {
        const next = this.#isChunked ? this.#readChunk(input, at) : this.#readBody(input, at)
        if (next === -1) break
        at = next
      } else {
        const headEnd = input.indexOf('\r\n\r\n', at)
        if (headEnd === -1) break
        this.#readHead(input.toString('latin1', at, headEnd))
        at = headEnd + 4
      }
    }
    if (at < input.length) this.#pending = Buffer.from(input.subarray(at))
  }

  #readHead(head: string): void {
    this.#requestLine = head.slice(0, head.indexOf('\r\n'))
    this.#bodyLeft = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    this.#isChunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    this.#bodyStart = ''
    this.#bodyEnd = ''
    this.#inBody = this.#isChunked || this.#bodyLeft > 0
    if (!this.#inBody) this.#answer()
  }

  #readBody(input: Buffer, at: number): number {
    const size = Math.min(this.#bodyLeft, input.length - at)
    this.#keepEdges(input, at, size)
    this.#bodyLeft -= size
    if (this.#bodyLeft === 0) this.#answer()
    return at + size
  }

  /** A whole chunk at a time, or -1: the gateways under test pass bodies on with a length, so this need not be fast. */
  #readChunk(input: Buffer, at: number): number {
    const lineEnd = input.indexOf('\r\n', at)
    if (lineEnd === -1) return -1
    const size = parseInt(input.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (end > input.length) return -1
    if (size === 0) this.#answer()
    else this.#keepEdges(input, lineEnd + 2, size)
    return end
  }

  #keepEdges(input: Buffer, at: number, size: number): void {
    if (this.#bodyStart === '') this.#bodyStart = input.toString('latin1', at, at + Math.min(size, EDGE_BYTES))
    this.#bodyEnd = (this.#bodyEnd + input.toString('latin1', at + Math.max(0, size - EDGE_BYTES), at + size)).slice(-EDGE_BYTES)
  }

  #answer(): void {
    this.#inBody = false
    const { json, metrics, models, health, notFound } = this.#answers
    if (this.#requestLine.startsWith('POST ')) {
      if (this.#finds(/"stream": ?true/) === undefined) this.#socket.write(json)
      else this.#stream(Number(this.#finds(/"max_tokens": ?(\d+)/)?.[1] ?? DEFAULT_MAX_TOKENS))
      return
    }
    const path = this.#requestLine.split(' ')[1]
    if (path === '/metrics') {
      this.#socket.write(
        message('200 OK', 'text/plain; version=0.0.4', `${metrics.beforeRunning}${this.#endpoint.running}${metrics.afterRunning}`),
      )
    } else if (path === '/v1/models') this.#socket.write(models)
    else this.#socket.write(path === '/health' ? health : notFound)
  }

  #finds(pattern: RegExp): RegExpExecArray | undefined {
    return pattern.exec(this.#bodyEnd) ?? pattern.exec(this.#bodyStart) ?? undefined
  }

  #stream(chunks: number): void {
    this.#endpoint.running++
    this.#chunksLeft = chunks
    this.#socket.write(this.#answers.streamHead + this.#answers.chunk, 'latin1')
    if (this.#answers.intervalMs > 0) this.#timer = setInterval(() => this.#nextChunk(), this.#answers.intervalMs)
    else setImmediate(() => this.#nextChunk())
  }

  #nextChunk(): void {
    if (this.#chunksLeft === 0) return
    if (--this.#chunksLeft > 0) {
      this.#socket.write(this.#answers.chunk, 'latin1')
      if (this.#answers.intervalMs === 0) setImmediate(() => this.#nextChunk())
      return
    }
    clearInterval(this.#timer)
    this.#endpoint.running--
    this.#socket.write(this.#answers.streamEnd, 'latin1')
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      ports: { type: 'string' },
      'interval-ms': { type: 'string', default: '0' },
      'answer-chars': { type: 'string', default: '480' },
    },
  })
  const backend = await startStaticBackend({
    ports: Number(values.ports ?? 1),
    intervalMs: Number(values['interval-ms']),
    answerChars: Number(values['answer-chars']),
  })
  console.log(JSON.stringify({ urls: backend.urls }))
}
