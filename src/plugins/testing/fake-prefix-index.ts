/** A prefix index that is easy to see through: a map for each endpoint, no limits, a record of the capacities that it was told; strict on `undo`. */
import type { PrefixChain } from '#/sdk/inference-request.ts'
import type { Candidates } from '#/sdk/candidates.ts'
import type { LearningPrefixIndex } from '#/sdk/resources.ts'

export class FakePrefixIndex implements LearningPrefixIndex {
  readonly usedBytes = 0
  readonly budgetBytes: number = Infinity
  readonly capacities: { slot: number; blocks: number }[] = []
  /** For each slot: block -> the last `learn` that named it. */
  readonly #held = new Map<number, Map<string, number>>()
  readonly #learned = new Map<number, { readonly slot: number; readonly added: readonly string[] }>()
  #lastLearnId = 0

  match(chain: PrefixChain, { slots, count }: Candidates, blocks: Uint32Array, weight: Float32Array): void {
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!
      blocks[slot] = this.blocksHeld(chain, slot)
      weight[slot] = 1
    }
  }

  blocksHeld(chain: PrefixChain, slot: number): number {
    const held = this.#held.get(slot)
    const firstMissing = keysOf(chain).findIndex((key) => held?.has(key) !== true)
    return firstMissing === -1 ? chain.length : firstMissing
  }

  learn(chain: PrefixChain, slot: number): number {
    const held = this.#held.get(slot) ?? new Map<string, number>()
    this.#held.set(slot, held)
    const learnId = ++this.#lastLearnId
    const keys = keysOf(chain)
    this.#learned.set(learnId, { slot, added: keys.filter((key) => !held.has(key)) })
    for (const key of keys) held.set(key, learnId)
    return learnId
  }

  /** Throws for what was undone or forgotten already. */
  undo(_chain: PrefixChain, slot: number, learnId: number): void {
    const learned = this.#learned.get(learnId)
    if (learned?.slot !== slot) throw new Error(`slot ${slot} has nothing to undo for ${learnId}`)
    this.#learned.delete(learnId)
    const held = this.#held.get(slot)
    for (const key of learned.added) if (held?.get(key) === learnId) held.delete(key)
  }

  forget(slot: number): void {
    this.#held.delete(slot)
    for (const [learnId, learned] of this.#learned) if (learned.slot === slot) this.#learned.delete(learnId)
  }

  setCapacity(slot: number, blocks: number): void {
    this.capacities.push({ slot, blocks })
  }
}

function keysOf(chain: PrefixChain): string[] {
  return Array.from({ length: chain.length }, (_, i) => `${chain.blockBytes}:${chain.high[i]}:${chain.low[i]}`)
}
