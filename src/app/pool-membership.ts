/** Keeps a pool's sorted slots in step with the fleet: every endpoint that `selects` says yes to is a member. */
import type { Endpoint, EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Pool } from '#/request/pool.ts'

/** Returns the function that ends it. The slots are replaced, never changed: who holds the old ones reads a consistent set. */
export function keepMembers(pool: Pool, table: EndpointTable, selects: (endpoint: Endpoint) => boolean): () => void {
  const refresh = (): void => {
    pool.slots = Uint16Array.from([...table.all()].filter(selects).map((endpoint) => endpoint.slot)).sort()
  }
  refresh()
  return table.subscribe({ added: refresh, removed: refresh })
}
