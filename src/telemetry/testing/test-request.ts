/** A request and its attempts as telemetry sees them, made from what a test cares about. */
import type { Attempt } from '#/sdk/attempt.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

export function testRequest(options: Partial<InferenceRequest> = {}): InferenceRequest {
  const model = options.model ?? 'm'
  return {
    requestId: 'r',
    receivedAtMs: 0,
    api: 'chat-completions',
    headers: { get: () => undefined },
    body: [],
    bodyBytes: 100,
    model,
    targetModel: model,
    stream: false,
    inputTokens: 1000,
    maxOutputTokens: undefined,
    priority: 0,
    fairnessId: 'default-flow',
    prefixChain: () => ({ length: 0, blockBytes: 256, low: new Uint32Array(0), high: new Uint32Array(0) }),
    releasePrefix() {},
    json: () => ({}),
    ...options,
  }
}

/** An attempt on slot 0, answered with 200 unless told otherwise. */
export function testAttempt(request: InferenceRequest, options: Partial<Attempt> = {}): Attempt {
  return {
    request,
    endpoint: 0,
    slot: 0,
    number: 1,
    sentAtMs: 0,
    matchedBlocks: 0,
    totalBlocks: 0,
    blockTokens: 64,
    uncachedTokens: 1000,
    status: 200,
    firstByteAtMs: -1,
    chunkCount: 0,
    usage: { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined },
    ...options,
  }
}
