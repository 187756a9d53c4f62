/** What a scanned metrics page does to the fleet's state: values into columns, adapters into their table, and whether the engine restarted. */
import type { AdapterMapping } from '#/fleet/scrape/engine-mapping.ts'
import type { PageScanner } from '#/fleet/scrape/page-scanner.ts'
import type { AdapterState, AdapterTable } from '#/fleet/state/adapter-table.ts'

/** What one endpoint's pages said so far, to compare the next one with. */
export interface EngineMemory {
  /** Index in the plan, -1 before the first page. */
  engine: number
  /** By index in the engine's restart list, NaN where no page had the series. */
  counters: number[]
}

export function createEngineMemory(): EngineMemory {
  return { engine: -1, counters: [] }
}

/** Remembers the page's counters. True if they, or another engine than before, tell of a restart since the page before. */
export function noteRestart(page: PageScanner, memory: EngineMemory): boolean {
  const engine = page.engine()
  let restarted = memory.engine !== -1 && memory.engine !== engine
  if (memory.engine !== engine) memory.counters = []
  memory.engine = engine
  for (const [index, { cell, restartedWhen }] of page.plan.engines[engine]!.restart.entries()) {
    if (!page.has(cell)) continue
    const value = page.values[cell]!
    const before = memory.counters[index] ?? NaN
    if (restartedWhen === 'it falls' ? value < before : value !== before && !Number.isNaN(before)) restarted = true
    memory.counters[index] = value
  }
  return restarted
}

/** Writes what the page has; what it lacks, or has in a form that cannot be used, keeps its value and its age. */
export function commitPage(page: PageScanner, slot: number, scrapedAtMs: number, adapters: AdapterTable): void {
  const engine = page.engine()
  const plan = page.plan.engines[engine]!
  // Backwards: of several mappings of one column the first one has the last word.
  for (const { cell, column, atMost } of plan.columns.toReversed()) {
    if (!page.has(cell)) continue
    column.values[slot] = Math.min(atMost, page.values[cell]!)
    column.updatedAtMs[slot] = scrapedAtMs
  }
  if (plan.adapters === undefined) return
  const labels = page.adapters[engine]
  if (labels === undefined) adapters.clear(slot)
  else adapters.set(slot, toAdapterState(plan.adapters, labels))
}

function toAdapterState(mapping: AdapterMapping, labels: ReadonlyMap<string, string>): AdapterState {
  const max = Number(labels.get(mapping.maxActiveLabel))
  return {
    active: toNames(labels.get(mapping.activeLabel)),
    waiting: toNames(labels.get(mapping.waitingLabel)),
    max: max > 0 && max < Infinity ? max : 0,
  }
}

function toNames(list = ''): readonly string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
