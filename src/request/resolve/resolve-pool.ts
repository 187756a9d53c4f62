/** Step 2: which pool a request belongs to. The edge's own configuration decides, else the sole pool, else the pool that serves the model. */
import type { ServedModels } from '#/request/candidates/collect-candidates.ts'
import type { Pool } from '#/request/pool.ts'

/** Undefined: there is no such pool, or several pools and none of them serves the model. */
export function resolvePool(pools: readonly Pool[], hint: string | undefined, models: ServedModels, modelId: number): Pool | undefined {
  if (hint !== undefined) return pools.find((pool) => pool.name === hint)
  if (pools.length === 1) return pools[0]
  if (modelId < 0) return undefined
  return pools.find((pool) => pool.slots.some((slot) => models.serves(slot, modelId)))
}
