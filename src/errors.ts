/**
 * The closed table of everything that Headgate itself answers with an error, and the one error class that carries it.
 * `docs/reference/errors.md` is generated from this table. What an endpoint answers is passed through and is not in here.
 */

export interface ErrorDefinition {
  /** HTTP status of the answer. */
  readonly status: number
  /** gRPC status where the edge speaks gRPC. */
  readonly grpcStatus: number
  /** `error.type` of the OpenAI-shaped body. */
  readonly type: 'invalid_request_error' | 'not_found_error' | 'rate_limit_error' | 'server_error' | 'upstream_error'
  /** `error.type` of the Anthropic-shaped body. */
  readonly anthropicType:
    | 'invalid_request_error'
    | 'not_found_error'
    | 'request_too_large'
    | 'rate_limit_error'
    | 'overloaded_error'
    | 'timeout_error'
    | 'api_error'
  /** Value of the `x-llm-d-request-dropped-reason` header, where the field has a word for it. */
  readonly droppedReason?: 'rejected-saturated' | 'rejected-no-endpoints' | 'rejected-shutting-down'
  /** Seconds of the `Retry-After` header when the place that raised the error knows no better figure. */
  readonly retryAfterSeconds?: number
  /** Who has to act so that it does not happen again. */
  readonly actor: 'client' | 'operator' | 'model server'
  /** What it means and what to do, for the reference. */
  readonly summary: string
}

const INVALID = { type: 'invalid_request_error', anthropicType: 'invalid_request_error', actor: 'client', grpcStatus: 3 } as const

export type ErrorCode =
  | 'malformed_http'
  | 'malformed_json'
  | 'invalid_encoding'
  | 'nested_too_deeply'
  | 'duplicate_key'
  | 'missing_model'
  | 'invalid_value'
  | 'unsupported_media_type'
  | 'body_too_large'
  | 'header_too_large'
  | 'request_timeout'
  | 'path_not_found'
  | 'method_not_allowed'
  | 'model_not_found'
  | 'models_unavailable'
  | 'no_endpoints'
  | 'saturated'
  | 'too_many_requests'
  | 'shutting_down'
  | 'endpoint_unreachable'
  | 'endpoint_failed'
  | 'endpoint_timeout'
  | 'internal'

export const ERRORS: Readonly<Record<ErrorCode, ErrorDefinition>> = {
  malformed_http: {
    ...INVALID,
    status: 400,
    summary: 'The bytes on the connection are not an HTTP/1.1 request. The connection is closed.',
  },
  malformed_json: {
    ...INVALID,
    status: 400,
    summary: 'The body is not JSON. The message names the byte offset of the first byte that does not fit.',
  },
  invalid_encoding: { ...INVALID, status: 400, summary: 'The body is not valid UTF-8.' },
  nested_too_deeply: {
    ...INVALID,
    status: 400,
    summary: 'The body nests arrays and objects deeper than the limit of 512 levels.',
  },
  duplicate_key: {
    ...INVALID,
    status: 400,
    summary:
      'A top-level key that Headgate reads stands in the body twice, so that Headgate and the model server could read different values.',
  },
  missing_model: { ...INVALID, status: 400, summary: 'The body has no `model`. Name one that `GET /v1/models` lists.' },
  invalid_value: { ...INVALID, status: 400, summary: 'A field that Headgate reads has the wrong type. `param` names it.' },
  unsupported_media_type: {
    ...INVALID,
    status: 415,
    summary: 'The body is not `application/json`, or it is compressed. Send plain JSON.',
  },
  body_too_large: {
    ...INVALID,
    anthropicType: 'request_too_large',
    status: 413,
    grpcStatus: 8,
    summary: 'The body is larger than `--max-body-bytes`.',
  },
  header_too_large: {
    ...INVALID,
    status: 431,
    grpcStatus: 8,
    summary: 'The request line and header fields together are larger than `--max-header-bytes`.',
  },
  request_timeout: {
    ...INVALID,
    anthropicType: 'timeout_error',
    status: 408,
    grpcStatus: 4,
    summary: 'The request head or body did not arrive whole in time. The connection is closed.',
  },
  path_not_found: {
    ...INVALID,
    type: 'not_found_error',
    anthropicType: 'not_found_error',
    status: 404,
    grpcStatus: 5,
    summary: 'No route has this path. The message lists the paths there are.',
  },
  method_not_allowed: {
    ...INVALID,
    status: 405,
    grpcStatus: 12,
    summary: 'The path exists, but not with this method. `Allow` lists those it has.',
  },
  model_not_found: {
    ...INVALID,
    type: 'not_found_error',
    anthropicType: 'not_found_error',
    status: 404,
    grpcStatus: 5,
    summary:
      'No endpoint serves the model, and every ready endpoint was asked for its models since the name first came up. The message lists the nearest names.',
  },
  models_unavailable: {
    type: 'server_error',
    anthropicType: 'overloaded_error',
    status: 503,
    grpcStatus: 14,
    droppedReason: 'rejected-no-endpoints',
    retryAfterSeconds: 1,
    actor: 'operator',
    summary:
      'No endpoint is known to serve the model, and not every ready endpoint could be asked for its models, so that the model may well exist.',
  },
  no_endpoints: {
    type: 'server_error',
    anthropicType: 'overloaded_error',
    status: 503,
    grpcStatus: 14,
    droppedReason: 'rejected-no-endpoints',
    retryAfterSeconds: 1,
    actor: 'operator',
    summary: 'The pool has no endpoint that is ready and may serve this request.',
  },
  saturated: {
    type: 'rate_limit_error',
    anthropicType: 'rate_limit_error',
    status: 429,
    grpcStatus: 8,
    droppedReason: 'rejected-saturated',
    retryAfterSeconds: 1,
    actor: 'operator',
    summary: 'Every endpoint was removed by the filters of the scheduling profile.',
  },
  too_many_requests: {
    type: 'rate_limit_error',
    anthropicType: 'rate_limit_error',
    status: 429,
    grpcStatus: 8,
    droppedReason: 'rejected-saturated',
    retryAfterSeconds: 1,
    actor: 'operator',
    summary: 'More requests are in flight than `--max-requests` allows.',
  },
  shutting_down: {
    type: 'server_error',
    anthropicType: 'overloaded_error',
    status: 503,
    grpcStatus: 14,
    droppedReason: 'rejected-shutting-down',
    retryAfterSeconds: 1,
    actor: 'operator',
    summary: 'The gateway drains: requests in flight finish, new ones are refused.',
  },
  endpoint_unreachable: {
    type: 'upstream_error',
    anthropicType: 'api_error',
    status: 502,
    grpcStatus: 14,
    retryAfterSeconds: 1,
    actor: 'model server',
    summary: 'The endpoint refused the connection, and so did the next one in the ordered list, if there was one.',
  },
  endpoint_failed: {
    type: 'upstream_error',
    anthropicType: 'api_error',
    status: 502,
    grpcStatus: 14,
    actor: 'model server',
    summary: 'The endpoint broke the connection, or did not speak HTTP, before its answer began.',
  },
  endpoint_timeout: {
    type: 'upstream_error',
    anthropicType: 'timeout_error',
    status: 504,
    grpcStatus: 4,
    actor: 'model server',
    summary: 'The endpoint did not begin to answer within `--response-timeout`.',
  },
  internal: {
    type: 'server_error',
    anthropicType: 'api_error',
    status: 500,
    grpcStatus: 13,
    actor: 'operator',
    summary: 'A defect in Headgate. The log has the cause under the same request id.',
  },
}

export interface InferenceErrorOptions {
  /** The request field at fault, `error.param` of the answer. */
  readonly param?: string
  /** Overrides the table's `Retry-After`. */
  readonly retryAfterSeconds?: number
  /** The reason underneath: for logs, never on the wire. */
  readonly cause?: unknown
}

/** What Headgate answers instead of a model server's response. `message` goes to the client. */
export class InferenceError extends Error {
  readonly code: ErrorCode
  readonly param: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, options: InferenceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'InferenceError'
    this.code = code
    this.param = options.param
    this.retryAfterSeconds = options.retryAfterSeconds ?? this.definition.retryAfterSeconds
  }

  get definition(): ErrorDefinition {
    return ERRORS[this.code]
  }
}
