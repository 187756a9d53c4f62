/** Everything that `headgate up` can be told, with its defaults; limits are bytes, counts or milliseconds and always on. */
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'
import { DEFAULT_HTTP_LIMITS } from '#/edge/http/limits.ts'
import type { HttpLimits } from '#/edge/http/limits.ts'
import { DEFAULT_UPSTREAM_OPTIONS } from '#/edge/http/undici-upstream.ts'
import type { UpstreamOptions } from '#/edge/http/undici-upstream.ts'

export interface GatewayOptions {
  /** Model servers. */
  readonly urls: readonly string[]
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly adminHost: string
  readonly adminPort: number
  readonly profile: BuiltInProfile
  readonly limits: HttpLimits
  readonly upstream: UpstreamOptions
  /** Requests in flight; one more gets 429. */
  readonly maxRequests: number
  /** How long requests in flight may go on after the first signal. */
  readonly drainTimeoutMs: number
  readonly prefixIndexBytes: number
  readonly maxEndpoints: number
  /** Seed of every random choice; decisions repeat under the same seed. */
  readonly seed: number
  readonly accessLog: boolean
}

export const DEFAULT_GATEWAY_OPTIONS: Omit<GatewayOptions, 'urls'> = {
  host: '127.0.0.1',
  port: 8080,
  adminHost: '127.0.0.1',
  adminPort: 9090,
  profile: 'default',
  limits: DEFAULT_HTTP_LIMITS,
  upstream: DEFAULT_UPSTREAM_OPTIONS,
  maxRequests: 4096,
  drainTimeoutMs: 30_000,
  prefixIndexBytes: 64 * 1024 * 1024,
  maxEndpoints: 16_384,
  seed: 1,
  accessLog: false,
}
