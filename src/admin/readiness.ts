/** Whether the gateway can serve, with the reasons when it cannot. */
import type { Endpoint, EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Pool } from '#/request/pool.ts'

export interface ReadinessReport {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

/** Endpoints of a pool that are named one by one. */
const MAX_NAMED = 5

/** Ready: not draining, and every pool has an endpoint that is ready. */
export function reportReadiness(pools: readonly Pool[], table: EndpointTable, isDraining: boolean): ReadinessReport {
  const reasons: string[] = []
  if (isDraining) reasons.push('draining: requests in flight finish, new ones are refused')
  for (const pool of pools) {
    if (pool.slots.some((slot) => table.ready[slot] === 1)) continue
    const states = [...pool.slots].map((slot) => table.at(slot)).filter((endpoint) => endpoint !== undefined)
    reasons.push(
      states.length === 0 ? `pool ${pool.name} has no endpoints` : `pool ${pool.name} has no ready endpoint: ${describe(states)}`,
    )
  }
  return { ready: reasons.length === 0, reasons }
}

function describe(endpoints: readonly Endpoint[]): string {
  const named = endpoints.slice(0, MAX_NAMED)
  const words = named.map(({ address, readiness, reason }) => `${address} ${readiness}${reason ? ` (${reason})` : ''}`)
  return `${words.join(', ')}${endpoints.length > named.length ? `, and ${endpoints.length - named.length} more` : ''}`
}
