/** Why there is no candidate, in words for whoever sent the request: the state of each endpoint that might have been one. */
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { CandidateLack } from '#/request/candidates/collect-candidates.ts'
import type { Pool } from '#/request/pool.ts'

/** Endpoints that are named one by one. */
const MAX_NAMED = 5

export function describeLack(lack: CandidateLack, pool: Pool, table: EndpointTable): string {
  const members = [...pool.slots].map((slot) => table.at(slot)).filter((endpoint) => endpoint !== undefined)
  if (members.length === 0) return `Pool ${pool.name} has no endpoints.`
  if (lack === 'none-in-subset') return `None of the endpoints that the data plane allows is ready in pool ${pool.name}.`
  const states = members.slice(0, MAX_NAMED).map((endpoint) => `${endpoint.address} ${endpoint.readiness}`)
  const more = members.length > states.length ? `, and ${members.length - states.length} more` : ''
  return `No endpoint of pool ${pool.name} is ready for this model: ${states.join(', ')}${more}.`
}
