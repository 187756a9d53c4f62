/** Step 1: reads the facts that routing needs from a request's bytes, and refuses what no model server could answer. */
import { InferenceError } from '#/errors.ts'
import type { JsonRange } from '#/lib/json-scan/json-range.ts'
import { JsonScanError } from '#/lib/json-scan/json-scan-error.ts'
import type { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { readNumber, readString } from '#/lib/json-scan/read-value.ts'
import type { Exchange } from '#/request/exchange.ts'
import type { ApiRoute, BodyKey } from '#/request/parse/api-routes.ts'
import { checkMediaType } from '#/request/parse/check-media-type.ts'
import { estimateTokens } from '#/request/parse/prompt-bytes.ts'
import type { PromptFields } from '#/request/parse/prompt-bytes.ts'
import type { InferenceApi } from '#/sdk/inference-request.ts'

export interface ParsedRequest {
  readonly api: InferenceApi
  readonly model: string
  /** The model's value in the body, quotes included: what a rewrite replaces. */
  readonly modelRange: JsonRange
  readonly stream: boolean
  readonly maxOutputTokens: number | undefined
  /** Empty without one. */
  readonly cacheSalt: string
  readonly inputTokens: number
  readonly prompt: PromptFields
}

type Fields = ReadonlyMap<BodyKey, JsonRange>

const MAX_MODEL_BYTES = 256
const MAX_SALT_BYTES = 1024
/** Spellings of a number that are longer than this mean no number of tokens. */
const MAX_NUMBER_BYTES = 32
/** `\u0061`, the longest spelling of a byte. */
const ESCAPE_BYTES = 6

/** Throws InferenceError: unsupported_media_type, or one of those of a body that is not what the API takes. */
export function parseRequest(exchange: Exchange, route: ApiRoute, scanner: JsonScanner): ParsedRequest {
  checkMediaType(exchange.headers)
  const { body } = exchange
  const fields = scanBody(body, route, scanner)
  const modelRange = fields.get('model')
  if (modelRange === undefined) throw new InferenceError('missing_model', 'The body has no `model`.', { param: 'model' })
  const prompt: PromptFields = [valueOf(fields, 'tools'), valueOf(fields, 'system'), promptOf(fields, route)]
  return {
    api: route.api,
    model: readModel(body, modelRange),
    modelRange,
    stream: readStream(fields),
    maxOutputTokens: readMaxOutputTokens(body, fields),
    cacheSalt: readCacheSalt(body, fields),
    inputTokens: estimateTokens(prompt),
    prompt,
  }
}

function scanBody(body: readonly Uint8Array[], route: ApiRoute, scanner: JsonScanner): Fields {
  try {
    return scanner.scan(body, route.keys)
  } catch (cause) {
    throw cause instanceof JsonScanError ? toInferenceError(cause) : cause
  }
}

function toInferenceError(cause: JsonScanError): InferenceError {
  const { kind, message, offset } = cause
  switch (kind) {
    case 'encoding':
      return new InferenceError('invalid_encoding', `The body is not valid UTF-8 at byte ${offset}.`, { cause })
    case 'depth':
      return new InferenceError('nested_too_deeply', `The body has ${message} at byte ${offset}.`, { cause })
    case 'duplicate-key':
      return new InferenceError('duplicate_key', `The body has ${message} at byte ${offset}.`, { cause, param: cause.key! })
    default:
      return new InferenceError('malformed_json', `The body is not a valid JSON object: at byte ${offset}, ${message}.`, { cause })
  }
}

/** A null is as good as no value. */
function valueOf(fields: Fields, key: BodyKey): JsonRange | undefined {
  const range = fields.get(key)
  return range?.type === 'null' ? undefined : range
}

function promptOf(fields: Fields, route: ApiRoute): JsonRange | undefined {
  for (const key of route.promptKeys) {
    const range = valueOf(fields, key)
    if (range === undefined) continue
    if (range.type === 'array' || (range.type === 'string' && key !== 'messages')) return range
    throw invalidValue(key, key === 'messages' ? 'an array' : 'a string or an array')
  }
  if (!route.isPromptRequired) return undefined
  const key = route.promptKeys[0]!
  throw invalidValue(key, key === 'messages' ? 'an array' : 'a string or an array')
}

function readModel(body: readonly Uint8Array[], range: JsonRange): string {
  const model = readText(body, range, MAX_MODEL_BYTES)
  if (model === undefined || model === '') throw invalidValue('model', `a string of 1 to ${MAX_MODEL_BYTES} bytes`)
  return model
}

function readCacheSalt(body: readonly Uint8Array[], fields: Fields): string {
  const range = valueOf(fields, 'cache_salt')
  if (range === undefined) return ''
  const salt = readText(body, range, MAX_SALT_BYTES)
  if (salt === undefined) throw invalidValue('cache_salt', `a string of at most ${MAX_SALT_BYTES} bytes`)
  return salt
}

/** Undefined if it is no string or longer than `maxBytes` of UTF-8. */
function readText(body: readonly Uint8Array[], range: JsonRange, maxBytes: number): string | undefined {
  if (range.type !== 'string' || range.end - range.start - 2 > maxBytes * ESCAPE_BYTES) return undefined
  const text = readString(body, range)
  return Buffer.byteLength(text) > maxBytes ? undefined : text
}

function readStream(fields: Fields): boolean {
  const type = valueOf(fields, 'stream')?.type ?? 'false'
  if (type !== 'true' && type !== 'false') throw invalidValue('stream', 'a boolean')
  return type === 'true'
}

/** The larger of the old and the new name's value. */
function readMaxOutputTokens(body: readonly Uint8Array[], fields: Fields): number | undefined {
  const old = readCount(body, fields, 'max_tokens')
  const current = readCount(body, fields, 'max_completion_tokens')
  if (old === undefined || current === undefined) return old ?? current
  return Math.max(old, current)
}

function readCount(body: readonly Uint8Array[], fields: Fields, key: BodyKey): number | undefined {
  const range = valueOf(fields, key)
  if (range === undefined) return undefined
  const count = range.type === 'number' && range.end - range.start <= MAX_NUMBER_BYTES ? readNumber(body, range) : NaN
  if (!Number.isInteger(count) || count < 0) throw invalidValue(key, 'a whole number that is not negative')
  return count
}

function invalidValue(key: BodyKey, expected: string): InferenceError {
  return new InferenceError('invalid_value', `\`${key}\` must be ${expected}.`, { param: key })
}
