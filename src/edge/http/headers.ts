/** Which fields pass through a proxy, and how the fields that we set are merged into those that pass. */
import type { FieldList } from '#/edge/http/upstream.ts'
import type { HeaderPatch } from '#/request/exchange.ts'

/** Of one connection, not of the message (RFC 9110 7.6.1, and those older clients and servers still send). */
const HOP_BY_HOP = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const

/**
 * Fields that only a gateway may set. A client's are taken away, so that it cannot choose an endpoint, widen a subset or send a prompt's
 * prefill to a host of its choice.
 */
const SYSTEM_OWNED = [
  'x-data-parallel-host-port',
  'x-encoder-hosts-ports',
  'x-gateway-destination-endpoint',
  'x-gateway-destination-endpoint-scores',
  'x-gateway-destination-endpoint-served',
  'x-gateway-destination-endpoint-subset',
  'x-kv-cache-source-host-port',
  'x-llm-d-request-dropped-reason',
  'x-prefiller-host-port',
] as const

const NOT_FROM_CLIENT: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...SYSTEM_OWNED,
  // The upstream's own: it knows the host, the length, and what it can read.
  'accept-encoding',
  'content-length',
  'expect',
  'host',
  'proxy-authorization',
])

const NOT_FROM_ENDPOINT: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'content-length'])

/** What goes on to the endpoint, and what the request path may see. `rawFields`: names in any case. */
export function toRequestFields(rawFields: readonly string[]): string[] {
  return toPassedFields(rawFields, NOT_FROM_CLIENT)
}

/** What goes back to the client. `rawFields`: names in any case. */
export function toResponseFields(rawFields: readonly string[]): string[] {
  return toPassedFields(rawFields, NOT_FROM_ENDPOINT)
}

function toPassedFields(rawFields: readonly string[], dropped: ReadonlySet<string>): string[] {
  const passed: string[] = []
  let options: string | undefined
  for (let i = 0; i < rawFields.length; i += 2) {
    const name = rawFields[i]!.toLowerCase()
    if (!dropped.has(name)) passed.push(name, rawFields[i + 1]!)
    else if (name === 'connection') options = options === undefined ? rawFields[i + 1]! : `${options},${rawFields[i + 1]!}`
  }
  return options === undefined || isPlainOption(options) ? passed : withoutNominated(passed, options)
}

/** The two values that nearly every message has; they nominate no field. */
function isPlainOption(options: string): boolean {
  return options === 'keep-alive' || options === 'close'
}

/** `Connection: x-foo` makes x-foo a field of this connection only. */
function withoutNominated(fields: readonly string[], options: string): string[] {
  const nominated = new Set(options.split(',').map((option) => option.trim().toLowerCase()))
  return fields.filter((_, i) => !nominated.has(fields[i - (i % 2)]!))
}

/** `fields` with those of the patch in place of any of the same name. Throws on a value that must not be written. */
export function patchFields(fields: FieldList, patch: HeaderPatch): string[] {
  const { set } = patch
  const patched: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!isSet(set, fields[i]!)) patched.push(fields[i]!, fields[i + 1]!)
  }
  for (const [name, value] of set) {
    if (!isFieldValue(value)) throw new TypeError(`the value of the header field ${name} is not one that HTTP can carry`)
    patched.push(name, value)
  }
  return patched
}

function isSet(set: HeaderPatch['set'], name: string): boolean {
  for (const entry of set) if (entry[0] === name) return true
  return false
}

/** RFC 9110 5.5: visible characters, obs-text, and blanks or tabs between them. Holds for every value that Headgate builds. */
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/

export function isFieldValue(value: string): boolean {
  return FIELD_VALUE.test(value)
}
