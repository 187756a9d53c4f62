/** The pools that a request may go to: the one that the edge's own configuration names, else all of them. */
import { InferenceError } from '#/errors.ts'
import type { Pool } from '#/request/pool.ts'

/** Never empty: throws InferenceError no_endpoints where there is no such pool. */
export function eligiblePools(pools: readonly Pool[], hint: string | undefined): readonly Pool[] {
  const eligible = hint === undefined ? pools : pools.filter((pool) => pool.name === hint)
  if (eligible.length === 0)
    throw new InferenceError('no_endpoints', hint === undefined ? 'There is no pool.' : `There is no pool ${hint}.`)
  return eligible
}
