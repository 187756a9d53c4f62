/** Requests and attempts for tests: complete, and changed where a test says so. */
import type { Attempt } from '#/sdk/attempt.ts'
import { toEndpointRef } from '#/sdk/endpoint.ts'
import type { InferenceRequest, PrefixChain } from '#/sdk/inference-request.ts'

export interface FakeRequest extends InferenceRequest {
  /** How often `releasePrefix` was called. */
  readonly releases: number
}

/** A request whose prompt consists of the given blocks: numbers that stand for their contents, whatever the block size. */
export function fakeRequest(facts: Partial<InferenceRequest> = {}, prompt: readonly number[] = []): FakeRequest {
  let releases = 0
  const request: FakeRequest = {
    requestId: 'request-1',
    receivedAtMs: 0,
    api: 'chat-completions',
    headers: { get: () => undefined },
    body: [],
    bodyBytes: 0,
    model: 'base',
    targetModel: 'base',
    stream: true,
    inputTokens: 0,
    maxOutputTokens: undefined,
    priority: 0,
    fairnessId: 'default-flow',
    prefixChain: (blockBytes) => toChain(prompt, blockBytes),
    releasePrefix() {
      releases++
    },
    json: () => ({}),
    ...facts,
    get releases() {
      return releases
    },
  }
  return request
}

export function fakeAttempt(facts: Partial<Attempt> = {}): Attempt {
  const slot = facts.slot ?? 0
  return {
    request: fakeRequest(),
    endpoint: toEndpointRef(slot, 0),
    slot,
    number: 1,
    sentAtMs: 0,
    matchedBlocks: 0,
    totalBlocks: 0,
    blockTokens: 64,
    uncachedTokens: 0,
    status: 0,
    firstByteAtMs: 0,
    chunkCount: 0,
    usage: { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined },
    ...facts,
  }
}

/** Equal beginnings of two prompts, in blocks of the same size, have equal hashes. */
function toChain(prompt: readonly number[], blockBytes: number): PrefixChain {
  const low = new Uint32Array(prompt.length)
  const high = new Uint32Array(prompt.length)
  let parent = blockBytes
  for (const [i, block] of prompt.entries()) {
    low[i] = Math.imul(parent ^ (block + 1), 0x9e3779b1)
    high[i] = block
    parent = low[i]!
  }
  return { length: prompt.length, blockBytes, low, high }
}
