/** What a load run sends: one request body after the other, built only when it is its turn. */

export interface PlannedRequest {
  readonly bodyBytes: number
  /** Writes exactly `bodyBytes` of JSON at `offset`. */
  write(target: Buffer, offset: number): void
}

export interface Workload {
  /** Undefined once there is none left. */
  next(): PlannedRequest | undefined
}
