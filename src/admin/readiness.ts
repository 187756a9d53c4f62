/** Whether the gateway can serve, with the reasons when it cannot. */
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Pool } from '#/request/pool.ts'

export interface ReadinessReport {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

/** Ready: not draining, and every pool has an endpoint that is ready. */
export function reportReadiness(pools: readonly Pool[], table: EndpointTable, isDraining: boolean): ReadinessReport {
  const reasons: string[] = []
  if (isDraining) reasons.push('draining: requests in flight finish, new ones are refused')
  for (const pool of pools) {
    if (pool.slots.some((slot) => table.ready[slot] === 1)) continue
    const states = [...pool.slots].map((slot) => table.at(slot)).filter((endpoint) => endpoint !== undefined)
    const detail = states.map((endpoint) => `${endpoint.address} ${endpoint.readiness}${endpoint.reason ? ` (${endpoint.reason})` : ''}`)
    reasons.push(
      detail.length === 0
        ? `pool ${pool.name} has no endpoints`
        : `pool ${pool.name} has no ready endpoint: ${detail.slice(0, 5).join(', ')}`,
    )
  }
  return { ready: reasons.length === 0, reasons }
}
