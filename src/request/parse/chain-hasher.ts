/** What a request needs to hash its prompt: gathers bytes, then hashes them in blocks. One serves a whole process, one prompt at a time. */
import type { PrefixChain } from '#/sdk/inference-request.ts'

export interface ChainHasher {
  /** Bytes that it still takes: the longest prompt start that is matched has a limit. */
  readonly remaining: number
  /** Forgets the bytes gathered so far. */
  reset(): void
  append(chunk: Uint8Array, start: number, end: number): void
  /** Over the bytes gathered. The chain belongs to the caller. */
  hashChain(blockBytes: number, seedLow: number, seedHigh: number): PrefixChain
  /** Of bytes that are not gathered: what seeds a chain. */
  hash(bytes: Uint8Array): { readonly low: number; readonly high: number }
}
