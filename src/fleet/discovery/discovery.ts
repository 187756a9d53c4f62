/** Where endpoints come from: the joint between a source (a list of URLs, a watched file, Kubernetes) and the fleet. */
import type { EndpointSpec } from '#/fleet/state/endpoint-table.ts'

/** What a source tells. The endpoint table is one. */
export interface DiscoveryNotifier {
  /** The endpoint is new, or anything about it may have changed. Throws if the fleet is full. */
  upsert(spec: EndpointSpec): void
  /** `key` is `namespace/name`. Unknown keys are ignored. */
  delete(key: string): void
}

export interface Discovery extends AsyncDisposable {
  /** Resolves once every endpoint known at the start was told; a source that watches goes on telling until it is disposed of. */
  start(notifier: DiscoveryNotifier): Promise<void>
}
