/** A configured set of plugin instances, ready to schedule: built by the registry, replaced as a whole on reload. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { DataKey } from '#/sdk/data-key.ts'
import type { Filter } from '#/sdk/filter.ts'
import type { Picker } from '#/sdk/picker.ts'
import type { Producer } from '#/sdk/producer.ts'
import type { ProfileHandler } from '#/sdk/profile-handler.ts'
import type { Scorer } from '#/sdk/scorer.ts'
import type { PrefixMatch } from '#/sdk/resources.ts'

export interface SchedulingProfile {
  readonly name: string
  readonly filters: readonly { readonly name: string; readonly plugin: Filter }[]
  readonly scorers: readonly { readonly name: string; readonly plugin: Scorer; readonly weight: number }[]
  readonly picker: { readonly name: string; readonly plugin: Picker }
}

export interface SchedulingGraph {
  readonly profiles: ReadonlyMap<string, SchedulingProfile>
  readonly handler: ProfileHandler
  /** In dependency order. */
  readonly producers: readonly { readonly name: string; readonly plugin: Producer }[]
  /** Every instance that has at least one attempt hook. */
  readonly hooks: readonly AttemptHooks[]
  /** Every key that some instance reads: what nobody reads is not scraped. */
  readonly consumed: ReadonlySet<DataKey>
  /** The graph's prefix match of the request at hand, if a prefix producer is part of it. */
  readonly prefixMatch: PrefixMatch | undefined
}
