/** A request as steps 2 to 8 and plugins see it: what was parsed, and the prompt's hashes and the JSON object when someone asks. */
import { InferenceError } from '#/errors.ts'
import type { Exchange } from '#/request/exchange.ts'
import type { ChainHasher } from '#/request/parse/chain-hasher.ts'
import type { ParsedRequest } from '#/request/parse/parse-request.ts'
import { appendPrompt } from '#/request/parse/prompt-bytes.ts'
import type { HeaderLookup, InferenceApi, InferenceRequest, PrefixChain } from '#/sdk/inference-request.ts'

const FAIRNESS_HEADER = 'x-llm-d-inference-fairness-id'
const OLD_FAIRNESS_HEADER = 'x-gateway-inference-fairness-id'
const DEFAULT_FAIRNESS_ID = 'default-flow'

export class PromptRequest implements InferenceRequest {
  readonly requestId: string
  readonly receivedAtMs: number
  readonly api: InferenceApi
  readonly headers: HeaderLookup
  readonly body: readonly Uint8Array[]
  readonly bodyBytes: number
  readonly model: string
  readonly stream: boolean
  readonly inputTokens: number
  readonly maxOutputTokens: number | undefined
  readonly priority: number = 0
  readonly fairnessId: string
  readonly parsed: ParsedRequest
  readonly #hasher: ChainHasher
  #targetModel: string | undefined
  #chains: PrefixChain[] = []
  #json: { readonly value: unknown } | undefined

  /** `hasher` is shared: it is only used within a call. */
  constructor(exchange: Exchange, parsed: ParsedRequest, hasher: ChainHasher) {
    const { headers } = exchange
    this.requestId = exchange.requestId
    this.receivedAtMs = exchange.receivedAtMs
    this.headers = headers
    this.body = exchange.body
    this.bodyBytes = exchange.bodyBytes
    this.api = parsed.api
    this.model = parsed.model
    this.stream = parsed.stream
    this.inputTokens = parsed.inputTokens
    this.maxOutputTokens = parsed.maxOutputTokens
    this.fairnessId = headers.get(FAIRNESS_HEADER) || headers.get(OLD_FAIRNESS_HEADER) || DEFAULT_FAIRNESS_ID
    this.parsed = parsed
    this.#hasher = hasher
  }

  get targetModel(): string {
    return this.#targetModel ?? this.model
  }

  /** For the resolve step, which may rewrite the model once, before the prompt is hashed: the hashes depend on it. */
  resolveTarget(targetModel: string): void {
    if (this.#targetModel !== undefined) throw new Error('the target model is resolved already')
    if (this.#chains.length > 0) throw new Error('the prompt is hashed already, for another target model')
    this.#targetModel = targetModel
  }

  prefixChain(blockBytes: number): PrefixChain {
    const known = this.#chains.find((chain) => chain.blockBytes === blockBytes)
    if (known !== undefined) return known
    const hasher = this.#hasher
    hasher.reset()
    appendPrompt(this.body, this.parsed.prompt, (chunk, start, end) => {
      hasher.append(chunk, start, end)
      return hasher.remaining > 0
    })
    const seed = hasher.hash(Buffer.from(`${this.targetModel}\0${this.parsed.cacheSalt}`))
    const chain = hasher.hashChain(blockBytes, seed.low, seed.high)
    this.#chains.push(chain)
    return chain
  }

  releasePrefix(): void {
    this.#chains = []
  }

  json(): unknown {
    this.#json ??= { value: parseJson(this.body) }
    return this.#json.value
  }
}

function parseJson(body: readonly Uint8Array[]): unknown {
  try {
    return JSON.parse(Buffer.concat(body).toString())
  } catch (cause) {
    throw new InferenceError('malformed_json', 'The body cannot be parsed as JSON.', { cause })
  }
}
