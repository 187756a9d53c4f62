/** Where load goes: a base URL, resolved once so that no connection waits for a name, and refused when it is not this machine. */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

export interface LoadTarget {
  /** The base URL as given, without a trailing slash. */
  readonly url: string
  /** IP address that is connected to. */
  readonly address: string
  readonly port: number
  /** Value of the Host field. */
  readonly authority: string
  /** Path in front of `/v1/...`: empty for most servers. */
  readonly basePath: string
}

/** A target that cannot be used; the message says what to change. */
export class LoadTargetError extends Error {}

/** Resolves `url` (http only, with or without a trailing `/v1`). Throws LoadTargetError unless it is loopback or `allowRemote` is set. */
export async function resolveLoadTarget(url: string, allowRemote: boolean): Promise<LoadTarget> {
  const parsed = parseUrl(url)
  const host = parsed.hostname.replace(/^\[|\]$/g, '')
  const address = await resolveAddress(host)
  if (!allowRemote && !isLoopback(address)) {
    throw new LoadTargetError(
      `${host} (${address}) is not this machine; load a foreign server only with its owner's consent and --allow-remote`,
    )
  }
  const basePath = parsed.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return { url: `${parsed.origin}${basePath}`, address, port: Number(parsed.port || 80), authority: parsed.host, basePath }
}

function parseUrl(url: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  if (!URL.canParse(withScheme)) throw new LoadTargetError(`'${url}' is not a URL; expected something like http://127.0.0.1:8080`)
  const parsed = new URL(withScheme)
  if (parsed.protocol !== 'http:')
    throw new LoadTargetError(`'${url}': only http:// can be loaded (TLS would measure the client's own encryption)`)
  if (parsed.search !== '' || parsed.hash !== '' || parsed.username !== '') {
    throw new LoadTargetError(`'${url}': expected a base URL without user, query or fragment; credentials go into --header`)
  }
  return parsed
}

async function resolveAddress(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (cause) {
    throw new LoadTargetError(`cannot resolve the host name '${host}'`, { cause })
  }
}

function isLoopback(address: string): boolean {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
