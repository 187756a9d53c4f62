/** The request target in its one form: what is matched against the routes is what is forwarded. */

export interface RequestTarget {
  /** Normalised: no dot segments, no empty segments, no escapes of characters that need none. `%2F` stays escaped. */
  readonly path: string
  /** With its question mark, as the client sent it; empty if there was none. */
  readonly query: string
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/
/** What a path may hold beside escapes (RFC 3986 3.3). */
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i

/** Undefined: no target that could be a path (a fragment, a broken escape, a control character, an authority). */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (target.includes('#')) return undefined
  // A server must take the absolute form too (RFC 9112 3.2.2); its authority says no more than Host does.
  const origin = ABSOLUTE_FORM.exec(target)
  const relative = origin === null ? target : target.slice(origin[0].length)
  const queryAt = relative.indexOf('?')
  const rawPath = queryAt < 0 ? relative : relative.slice(0, queryAt)
  const path = normalisePath(rawPath === '' && origin !== null ? '/' : rawPath)
  return path === undefined ? undefined : { path, query: queryAt < 0 ? '' : relative.slice(queryAt) }
}

function normalisePath(rawPath: string): string | undefined {
  if (!rawPath.startsWith('/') || !PATH_CHARACTERS.test(rawPath)) return undefined
  const path = rawPath.includes('%') ? normaliseEscapes(rawPath) : rawPath
  if (path === undefined || !/\/(?:\/|\.{1,2}(?:\/|$))/.test(path)) return path
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.' && segment !== '') kept.push(segment)
  }
  const last = segments.at(-1)!
  const isFolder = kept.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${kept.join('/')}${isFolder ? '/' : ''}`
}

/** Decodes escapes of unreserved characters, so that `%2e%2e` is the dot segment that it would be elsewhere; the rest in upper case. */
function normaliseEscapes(path: string): string | undefined {
  let isSound = true
  const normalised = path.replace(/%(.{0,2})/g, (_, digits: string) => {
    const code = /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : 0
    // A control character in a path is nobody's honest request.
    if (code < 0x20 || code === 0x7f) isSound = false
    const character = String.fromCharCode(code)
    return UNRESERVED.test(character) ? character : `%${digits.toUpperCase()}`
  })
  return isSound ? normalised : undefined
}
