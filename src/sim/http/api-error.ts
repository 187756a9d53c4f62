/** A request that the simulated server refuses. Each API has its own body for it. */

export class ApiError extends Error {
  readonly status: number
  /** The request field at fault. */
  readonly param: string | undefined

  constructor(status: number, message: string, param?: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.param = param
  }
}
