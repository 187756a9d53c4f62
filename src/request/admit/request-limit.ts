/** Step 3: how many requests may be in flight at once. Past the limit the answer is an honest 429 rather than a longer wait for everybody. */
import { InferenceError } from '#/errors.ts'

export class RequestLimit {
  readonly maxRequests: number
  #inFlight = 0
  #isDraining = false

  constructor(maxRequests: number) {
    this.maxRequests = maxRequests
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Refuse everything from here on; what is in flight goes on. */
  drain(): void {
    this.#isDraining = true
  }

  /** Undefined: the request may go on, and `release` is owed once. */
  admit(): InferenceError | undefined {
    if (this.#isDraining) return new InferenceError('shutting_down', 'The gateway is shutting down; send the request elsewhere.')
    if (this.#inFlight >= this.maxRequests) {
      return new InferenceError('too_many_requests', `${this.#inFlight} requests are in flight, which is the limit (--max-requests).`)
    }
    this.#inFlight++
    return undefined
  }

  release(): void {
    this.#inFlight--
  }
}
