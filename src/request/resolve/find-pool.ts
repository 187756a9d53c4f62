/** Step 2 for a model that no endpoint is known to serve: everybody is asked before anything is said. */
import { InferenceError } from '#/errors.ts'
import { nearestNames } from '#/lib/nearest-name.ts'
import type { ServedModels } from '#/request/candidates/collect-candidates.ts'
import type { Pool } from '#/request/pool.ts'
import { eligiblePools } from '#/request/resolve/eligible-pools.ts'
import { resolvePool } from '#/request/resolve/resolve-pool.ts'
import type { PoolSources } from '#/request/resolve/resolve-pool.ts'

/** The model catalogue, as far as the request path needs it. */
export interface ModelDirectory extends ServedModels {
  /** 'unknown' only once every ready endpoint of the slots was asked since the name first came up. */
  confirmUnknown(model: string, slots: Iterable<number>): Promise<'unknown' | 'found' | 'unreadable'>
  /** What the ready ones of the slots serve. */
  list(slots: Iterable<number>): readonly { readonly id: string }[]
}

export interface ModelSources extends PoolSources {
  readonly models: ModelDirectory
}

const NEAREST_NAMES = 3

/** Rejects with InferenceError: model_not_found, or models_unavailable while it may well exist. */
export async function findPool(sources: ModelSources, model: string, hint: string | undefined): Promise<Pool> {
  const { models } = sources
  const eligible = eligiblePools(sources.pools, hint)
  for (;;) {
    const asked = eligible.map((pool) => pool.slots)
    const verdict = await models.confirmUnknown(model, new Set(asked.flatMap((slots) => [...slots])))
    const pool = resolvePool(sources, model, hint)
    if (pool !== undefined) return pool
    if (verdict !== 'unknown') throw unreadableModels(model)
    // Who joined meanwhile has not been asked.
    if (eligible.every(({ slots }, i) => slots === asked[i])) throw unknownModel(model, models.list(asked.flatMap((slots) => [...slots])))
  }
}

function unreadableModels(model: string): InferenceError {
  const message = `No endpoint is known to serve \`${model}\`, and not all of them could be asked. Try again.`
  return new InferenceError('models_unavailable', message, { param: 'model' })
}

function unknownModel(model: string, listed: readonly { readonly id: string }[]): InferenceError {
  const ids = listed.map(({ id }) => id)
  const nearest = nearestNames(model, ids, NEAREST_NAMES)
  const hint = nearest.length === 0 ? 'No endpoint lists any model.' : `Nearest: ${nearest.join(', ')}. GET /v1/models lists them all.`
  return new InferenceError('model_not_found', `The model \`${model}\` does not exist. ${hint}`, { param: 'model' })
}
