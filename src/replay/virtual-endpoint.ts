/** A simulated model server in the fleet of a replay: its engine in virtual time, and the scrapes that tell the router about it. */
import type { ColumnStore } from '#/fleet/state/column-store.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'
import type { Clock } from '#/lib/clock.ts'
import type { ColumnKey } from '#/sdk/data-key.ts'
import { cacheBlockSize, cacheNumBlocks, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'
import type { Engine } from '#/sim/engine/engine.ts'

export interface VirtualEndpoint {
  readonly endpoint: Endpoint
  readonly engine: Engine
}

/** Writes what a scrape would bring. */
function scrapeEngine({ endpoint, engine }: VirtualEndpoint, columns: ColumnStore, nowMs: number): void {
  const write = (key: ColumnKey, value: number): void => {
    const column = columns.column(key)
    column.values[endpoint.slot] = value
    column.updatedAtMs[endpoint.slot] = nowMs
  }
  write(waitingQueueSize, engine.waitingCount)
  write(runningRequestsSize, engine.runningCount)
  write(kvCacheUtilization, engine.usedBlocks / engine.config.numBlocks)
  write(cacheBlockSize, engine.config.blockSize)
  write(cacheNumBlocks, engine.config.numBlocks)
}

/** Scrapes each endpoint every `intervalMs`, spread over the interval, until `isOver` says so. */
export function scrapeRegularly(
  endpoints: readonly VirtualEndpoint[],
  columns: ColumnStore,
  clock: Clock,
  intervalMs: number,
  isOver: () => boolean,
): void {
  for (const [i, virtual] of endpoints.entries()) {
    scrapeEngine(virtual, columns, clock.nowMs())
    const tick = (): void => {
      if (isOver()) return
      scrapeEngine(virtual, columns, clock.nowMs())
      clock.schedule(intervalMs, tick)
    }
    clock.schedule((intervalMs * (i + 1)) / endpoints.length, tick)
  }
}
