/** The simplest source of endpoints: a list of URLs that never changes. */
import type { Discovery, DiscoveryNotifier } from '#/fleet/discovery/discovery.ts'
import { parseEndpointUrl } from '#/fleet/discovery/endpoint-url.ts'
import type { EndpointSpec } from '#/fleet/state/endpoint-table.ts'

export class StaticDiscovery implements Discovery {
  readonly endpoints: readonly EndpointSpec[]

  /** Throws an Error for the operator at the first URL that is not usable or that names an endpoint for the second time. */
  constructor(urls: readonly string[]) {
    const byName = new Map<string, EndpointSpec>()
    for (const url of urls) {
      const spec = parseEndpointUrl(url)
      if (byName.has(spec.name)) throw new Error(`the endpoint ${spec.name} is given twice, the second time as "${url}"`)
      byName.set(spec.name, spec)
    }
    this.endpoints = [...byName.values()]
  }

  start(notifier: DiscoveryNotifier): Promise<void> {
    for (const endpoint of this.endpoints) notifier.upsert(endpoint)
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}
