/** Compiles the engine mappings and the consumed keys into what the scanner looks for and where it goes. */
import type { EngineMapping, AdapterMapping, RestartMapping } from '#/fleet/scrape/engine-mapping.ts'
import { SeriesTrie } from '#/fleet/scrape/series-trie.ts'
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Column, DataKey } from '#/sdk/data-key.ts'
import { endpointAdapters } from '#/sdk/keys.ts'

/** Adds a sample to a cell: the cells are the sums and maxima of one page. */
export interface CellReader {
  readonly cell: number
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly fromLabel: string | undefined
  readonly combine: 'sum' | 'max'
}

export interface SeriesPlan {
  /** Indices of the engines that this series identifies. */
  readonly engines: number[]
  readonly cells: CellReader[]
  /** Indices of the engines whose adapters this series lists. */
  readonly adapters: number[]
}

export interface EnginePlan {
  readonly engine: string
  /** Several entries for one column: the first one that the page has counts. */
  readonly columns: readonly { readonly cell: number; readonly column: Column; readonly atMost: number }[]
  /** Undefined if the engine has none or nobody reads them. */
  readonly adapters: AdapterMapping | undefined
  readonly restart: readonly { readonly cell: number; readonly restartedWhen: RestartMapping['restartedWhen'] }[]
}

export interface PagePlan {
  readonly trie: SeriesTrie
  /** Indexed by series number of the trie. */
  readonly series: readonly SeriesPlan[]
  readonly engines: readonly EnginePlan[]
  readonly cellCount: number
}

export function compilePagePlan(mappings: readonly EngineMapping[], consumed: ReadonlySet<DataKey>, columns: ColumnStore): PagePlan {
  const names: string[] = []
  const series: SeriesPlan[] = []
  const engines: EnginePlan[] = []
  let cellCount = 0

  const seriesOf = (name: string): SeriesPlan => {
    const known = names.indexOf(name)
    if (known !== -1) return series[known]!
    names.push(name)
    const plan: SeriesPlan = { engines: [], cells: [], adapters: [] }
    series.push(plan)
    return plan
  }

  for (const [engine, mapping] of mappings.entries()) {
    const planned: EnginePlan['columns'][number][] = []
    for (const { column, series: name, labels, fromLabel, combine, atMost } of mapping.columns) {
      const plan = seriesOf(name)
      plan.engines.push(engine)
      if (!consumed.has(column)) continue
      const cell = cellCount++
      plan.cells.push({ cell, labels: Object.entries(labels ?? {}), fromLabel, combine })
      planned.push({ cell, column: columns.column(column), atMost: atMost ?? Infinity })
    }
    if (mapping.adapters !== undefined) {
      const plan = seriesOf(mapping.adapters.series)
      plan.engines.push(engine)
      if (consumed.has(endpointAdapters)) plan.adapters.push(engine)
    }
    const restart = mapping.restart.map(({ series: name, restartedWhen }) => {
      const cell = cellCount++
      seriesOf(name).cells.push({ cell, labels: [], fromLabel: undefined, combine: 'sum' })
      return { cell, restartedWhen }
    })
    const adapters = consumed.has(endpointAdapters) ? mapping.adapters : undefined
    engines.push({ engine: mapping.engine, columns: planned, adapters, restart })
  }
  return { trie: new SeriesTrie(names), series, engines, cellCount }
}

/** The keys that a scrape could fill: with none of them consumed there is nothing to scrape for. */
export function scrapedKeys(mappings: readonly EngineMapping[]): ReadonlySet<DataKey> {
  const keys = new Set<DataKey>()
  for (const { columns, adapters } of mappings) {
    for (const { column } of columns) keys.add(column)
    if (adapters !== undefined) keys.add(endpointAdapters)
  }
  return keys
}
