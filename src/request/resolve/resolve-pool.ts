/** Step 2: which pool a request belongs to. The edge's own configuration decides, else the models that the pools' endpoints serve. */
import type { ServedModels } from '#/request/candidates/collect-candidates.ts'
import type { Pool } from '#/request/pool.ts'
import { eligiblePools } from '#/request/resolve/eligible-pools.ts'

export interface PoolSources {
  readonly pools: readonly Pool[]
  readonly table: { readonly ready: Uint8Array }
  readonly models: ServedModels
}

/**
 * The pool with an endpoint that lists the model, else one with an endpoint that may serve anything. Where no endpoint is ready at all nobody
 * can be asked, and the candidates step says so. Undefined: no endpoint is known to serve the model. Throws InferenceError no_endpoints for a
 * hint that names no pool.
 */
export function resolvePool({ pools, table, models }: PoolSources, model: string, hint: string | undefined): Pool | undefined {
  const eligible = eligiblePools(pools, hint)
  const modelId = models.idOf(model)
  const known = modelId < 0 ? undefined : findByEndpoint(eligible, (slot) => models.serves(slot, modelId))
  const possible = known ?? findByEndpoint(eligible, (slot) => models.isOpen(slot))
  if (possible !== undefined || findByEndpoint(eligible, (slot) => table.ready[slot] === 1) !== undefined) return possible
  return eligible.find((pool) => pool.slots.length > 0) ?? eligible[0]
}

function findByEndpoint(pools: readonly Pool[], fits: (slot: number) => boolean): Pool | undefined {
  return pools.find((pool) => pool.slots.some(fits))
}
