/**
 * Typed names for the data that plugins read and write. A plugin declares its keys, and gets the data by key when it is created;
 * who provides the data (a scraper, a producer, our own accounting) is none of its business.
 */

/** One number for each endpoint, held in a column indexed by slot. */
export interface ColumnKey {
  readonly kind: 'column'
  readonly name: string
  readonly unit: string
  /** 'fleet': kept between requests, with an age. 'request': written anew for the candidates of each request by its producer. */
  readonly scope: 'fleet' | 'request'
  readonly description: string
}

/** Anything that is not one number for each endpoint. */
export interface ResourceKey<T> {
  readonly kind: 'resource'
  readonly name: string
  readonly description: string
  /** Never set; carries the type. */
  readonly type?: T
}

export type DataKey = ColumnKey | ResourceKey<unknown>

/** The values of one key. Never reallocated: plugins may hold on to it. */
export interface Column {
  readonly key: ColumnKey
  /** Indexed by slot. 0 until the first value arrives. */
  readonly values: Float64Array
  /** Monotonic milliseconds of each value, -Infinity before the first. */
  readonly updatedAtMs: Float64Array
}

export function defineColumnKey(key: Omit<ColumnKey, 'kind'>): ColumnKey {
  return { kind: 'column', ...key }
}

export function defineResourceKey<T>(key: { name: string; description: string }): ResourceKey<T> {
  return { kind: 'resource', ...key }
}
