/**
 * Reads the token counts out of an answer that flows by: keeps its last bytes (and, for Anthropic streams, its first), where every engine
 * puts `usage`, and looks at them once when the answer is over. An unescaped `"usage"` cannot stand inside a JSON string.
 */
import type { Usage } from '#/sdk/attempt.ts'

/** Bytes kept of each end of the answer. An OpenAI usage object takes about 200. */
const TAIL_BYTES = 4096
const HEAD_BYTES = 1024
const MAX_POOLED = 256

export class UsageObserver {
  readonly #keepHead: boolean
  #head: Buffer | undefined
  #tail: Buffer | undefined
  #tailLength = 0

  /** `keepHead`: the prompt's counts stand in the first event (Anthropic `message_start`). */
  constructor(keepHead: boolean) {
    this.#keepHead = keepHead
  }

  push(chunk: Uint8Array): void {
    if (this.#keepHead && this.#head === undefined && chunk.length > 0) this.#head = Buffer.from(chunk.subarray(0, HEAD_BYTES))
    const tail = (this.#tail ??= takeBuffer())
    if (chunk.length >= TAIL_BYTES) {
      tail.set(chunk.subarray(chunk.length - TAIL_BYTES))
      this.#tailLength = TAIL_BYTES
      return
    }
    const excess = this.#tailLength + chunk.length - TAIL_BYTES
    if (excess > 0) {
      tail.copyWithin(0, excess, this.#tailLength)
      this.#tailLength -= excess
    }
    tail.set(chunk, this.#tailLength)
    this.#tailLength += chunk.length
  }

  /** Call once. */
  finish(): Usage {
    const usage: Usage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined }
    if (this.#head !== undefined) readUsage(this.#head.toString('latin1'), usage)
    if (this.#tail !== undefined) {
      readUsage(this.#tail.toString('latin1', 0, this.#tailLength), usage)
      returnBuffer(this.#tail)
      this.#tail = undefined
    }
    return usage
  }
}

const pool: Buffer[] = []

function takeBuffer(): Buffer {
  return pool.pop() ?? Buffer.allocUnsafeSlow(TAIL_BYTES)
}

function returnBuffer(buffer: Buffer): void {
  if (pool.length < MAX_POOLED) pool.push(buffer)
}

/** OpenAI's and Anthropic's names. Anthropic's `input_tokens` leaves out what was read from or written to the cache. */
const PROMPT = /"prompt_tokens"\s*:\s*(\d+)/
const UNCACHED_INPUT = /"input_tokens"\s*:\s*(\d+)/
const CACHE_CREATION = /"cache_creation_input_tokens"\s*:\s*(\d+)/
const COMPLETION = /"(?:completion_tokens|output_tokens)"\s*:\s*(\d+)/
const CACHED = /"(?:cached_tokens|cache_read_input_tokens)"\s*:\s*(\d+)/

/** Takes the last usage object of `text` that has counts; `"usage":null` and cut objects are passed over. */
function readUsage(text: string, into: Usage): void {
  for (let at = text.lastIndexOf('"usage"'); at >= 0; at = at === 0 ? -1 : text.lastIndexOf('"usage"', at - 1)) {
    const object = text.slice(at)
    const cached = readCount(CACHED, object)
    const prompt = readCount(PROMPT, object) ?? readInput(object, cached)
    const completion = readCount(COMPLETION, object)
    if (prompt === undefined && completion === undefined) continue
    into.promptTokens = prompt ?? into.promptTokens
    into.completionTokens = completion ?? into.completionTokens
    into.cachedTokens = cached ?? into.cachedTokens
    return
  }
}

function readInput(object: string, cached: number | undefined): number | undefined {
  const uncached = readCount(UNCACHED_INPUT, object)
  return uncached === undefined ? undefined : uncached + (cached ?? 0) + (readCount(CACHE_CREATION, object) ?? 0)
}

function readCount(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
