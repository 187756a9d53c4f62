/** What steps 2 to 8 and every plugin know about a request: facts read from its bytes once. */

export interface HeaderLookup {
  /** Value of a field by its lower-case name; repeated fields joined as RFC 9110 5.3 says. */
  get(name: string): string | undefined
}

/** The inference APIs that are routed. */
export type InferenceApi = 'chat-completions' | 'completions' | 'embeddings' | 'messages'

/**
 * Chained block hashes of a prompt: `hash[i]` stands for blocks 0 to i. The hash of a block is seeded with the hash before it, the
 * first one with the target model and the cache salt, so equal hashes mean equal prefixes. 64 bits each, as two halves.
 */
export interface PrefixChain {
  /** Blocks in the chain. The last one may be shorter than `blockBytes`. */
  readonly length: number
  readonly blockBytes: number
  readonly low: Uint32Array
  readonly high: Uint32Array
}

export interface InferenceRequest {
  readonly requestId: string
  /** Monotonic milliseconds. */
  readonly receivedAtMs: number
  readonly api: InferenceApi
  readonly headers: HeaderLookup
  /** As received, in its chunks. */
  readonly body: readonly Uint8Array[]
  readonly bodyBytes: number
  /** The name that the client asked for. */
  readonly model: string
  /** The name that the endpoint will see. */
  readonly targetModel: string
  readonly stream: boolean
  /** Prompt length in tokens: exact for token-id prompts, else estimated at 4 bytes a token. */
  readonly inputTokens: number
  /** The client's own bound on the answer, if it set one. */
  readonly maxOutputTokens: number | undefined
  /** Higher is more important; negative may be shed. */
  readonly priority: number
  readonly fairnessId: string
  /** The block hashes of the prompt, computed at the first call for a block size and kept until `releasePrefix()`. */
  prefixChain(blockBytes: number): PrefixChain
  /** Lets go of the chain: it was learned, or the request failed. */
  releasePrefix(): void
  /** The parsed body: lazily, once, shared. Throws InferenceError `malformed_json` where JSON.parse is stricter than the scan. */
  json(): unknown
}
