/** Turns what an operator types to name a model server into an endpoint, or says what to type instead. */
import type { EndpointSpec } from '#/fleet/state/endpoint-table.ts'

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** Accepts `http://host[:port]` and `https://host[:port]` with a name, an IPv4 or a bracketed IPv6 address. Throws an Error for the operator. */
export function parseEndpointUrl(text: string): EndpointSpec {
  const fail = (problem: string): never => {
    throw new Error(`"${text}" is no endpoint URL: ${problem}`)
  }
  if (!text.includes('://')) return fail(`it has no scheme. Write http://${text === '' ? 'HOST:PORT' : text}`)
  if (!URL.canParse(text)) return fail('it cannot be parsed. Write http://HOST:PORT, an IPv6 address in brackets')
  const url = new URL(text)
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https') return fail(`the scheme is ${scheme}. Write http:// or https://`)
  const root = `${url.protocol}//${url.host}`
  if (url.username !== '' || url.password !== '') return fail(`it has credentials, which are not passed on. Write ${root}`)
  if (url.search !== '' || url.hash !== '') return fail(`it has a query or a fragment. Write ${root}`)
  if (url.pathname !== '/') {
    return fail(`it has the path ${url.pathname}, but requests bring their own, such as /v1/chat/completions. Write ${root}`)
  }
  const port = url.port === '' ? DEFAULT_PORTS[scheme]! : Number(url.port)
  if (port === 0) return fail('the port is 0')
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return { namespace: 'default', name: `${url.hostname}:${port}`, scheme, host, port, labels: {} }
}
