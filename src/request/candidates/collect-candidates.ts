/** Step 4: the pool's endpoints that may serve this request: ready, within the data plane's subset, and serving the model. */
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import type { Candidates } from '#/sdk/candidates.ts'

/** The part of the model catalogue that this step reads. */
export interface ServedModels {
  /** The number of a model name, or -1 if no endpoint ever listed it. */
  idOf(model: string): number
  serves(slot: number, modelId: number): boolean
  /** The endpoint never gave a list, so it may serve anything. */
  isOpen(slot: number): boolean
}

/** Why there may be no candidate: the first condition that nobody met. */
export type CandidateLack = 'no-members' | 'none-ready' | 'none-in-subset' | 'model-not-served'

/** Fills `out` in ascending order of slot. Returns undefined if there is at least one candidate. */
export function collectCandidates(
  slots: Uint16Array,
  table: EndpointTable,
  models: ServedModels,
  modelId: number,
  subset: readonly string[] | undefined,
  out: Candidates,
): CandidateLack | undefined {
  let count = 0
  let ready = 0
  let inSubset = 0
  let serving = 0
  for (const slot of slots) {
    const isServing = (modelId >= 0 && models.serves(slot, modelId)) || models.isOpen(slot)
    if (isServing) serving++
    if (table.ready[slot] === 0) continue
    ready++
    if (subset !== undefined && !isInSubset(table, slot, subset)) continue
    inSubset++
    if (isServing) out.slots[count++] = slot
  }
  out.count = count
  if (count > 0) return undefined
  if (slots.length === 0) return 'no-members'
  if (serving === 0) return 'model-not-served'
  if (ready === 0) return 'none-ready'
  return inSubset === 0 ? 'none-in-subset' : 'none-ready'
}

/** A hint is `host:port`, or a bare host that stands for all its ports. */
function isInSubset(table: EndpointTable, slot: number, subset: readonly string[]): boolean {
  const endpoint = table.at(slot)
  return endpoint !== undefined && subset.some((hint) => hint === endpoint.address || hint === endpoint.host)
}
