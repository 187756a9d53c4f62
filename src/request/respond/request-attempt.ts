/** One try of a request on one endpoint, as the ticket keeps it and hooks see it. */
import type { Attempt, Usage } from '#/sdk/attempt.ts'
import type { EndpointRef } from '#/sdk/endpoint.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

/** An endpoint of a decision, with what was believed about its cache when it was picked. */
export interface PickedEndpoint {
  readonly endpoint: EndpointRef
  readonly slot: number
  readonly matchedBlocks: number
  readonly totalBlocks: number
  readonly blockTokens: number
}

/** An endpoint picked beside the main one. */
export interface PickedLeg {
  readonly picked: PickedEndpoint
  readonly profile: string
  readonly release: 'first-byte' | 'end'
}

const NO_USAGE: Usage = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined }

export class RequestAttempt implements Attempt {
  readonly request: InferenceRequest
  readonly endpoint: EndpointRef
  readonly slot: number
  readonly number: number
  readonly sentAtMs: number
  readonly matchedBlocks: number
  readonly totalBlocks: number
  readonly blockTokens: number
  readonly uncachedTokens: number
  status = 0
  firstByteAtMs = -1
  chunkCount = 0
  usage: Usage = NO_USAGE

  constructor(request: InferenceRequest, picked: PickedEndpoint, number: number, sentAtMs: number) {
    this.request = request
    this.endpoint = picked.endpoint
    this.slot = picked.slot
    this.number = number
    this.sentAtMs = sentAtMs
    this.matchedBlocks = picked.matchedBlocks
    this.totalBlocks = picked.totalBlocks
    this.blockTokens = picked.blockTokens
    this.uncachedTokens = Math.max(0, request.inputTokens - picked.matchedBlocks * picked.blockTokens)
  }

  /** The endpoint answered with a success. */
  get isServed(): boolean {
    return this.status >= 200 && this.status < 300
  }
}
