/**
 * How an engine's metrics page becomes columns. One value of this type is all that another engine needs: which series feeds which column,
 * how several samples of one page combine, which labels hold adapters, and which counters betray a restart.
 */
import type { ColumnKey } from '#/sdk/data-key.ts'

export interface ColumnMapping {
  readonly column: ColumnKey
  readonly series: string
  /** Only samples that carry these labels. */
  readonly labels?: Readonly<Record<string, string>>
  /** Reads the value of this label instead of the sample's value, as info metrics have it. `None` means that the engine does not say. */
  readonly fromLabel?: string
  /** How the samples of one page (data-parallel ranks, models) come to one value. */
  readonly combine: 'sum' | 'max'
  /** Larger values are cut to this: the column's unit promises it. */
  readonly atMost?: number
}

/** Labels with comma separated adapter names; of several samples the one with the largest value, a timestamp, is the current one. */
export interface AdapterMapping {
  readonly series: string
  readonly activeLabel: string
  readonly waitingLabel: string
  readonly maxActiveLabel: string
}

/** The samples of one page are added up before they are compared with the page before. */
export interface RestartMapping {
  readonly series: string
  readonly restartedWhen: 'it changes' | 'it falls'
}

export interface EngineMapping {
  readonly engine: string
  /** Any of these series, or the adapters', tells that the page is this engine's. The first mapping of a column that the page has wins. */
  readonly columns: readonly ColumnMapping[]
  readonly adapters?: AdapterMapping
  readonly restart: readonly RestartMapping[]
}
