/** A model catalogue that a test fills in by hand. */
import assert from 'node:assert/strict'
import type { ModelDirectory } from '#/request/resolve/find-pool.ts'

export type Verdict = 'unknown' | 'found' | 'unreadable'

/** An endpoint is open until a list is set for it. */
export class FakeModels implements ModelDirectory {
  readonly #names: string[] = []
  readonly #listed = new Map<number, readonly string[]>()
  /** What each `confirmUnknown` was asked. */
  readonly asked: { readonly model: string; readonly slots: readonly number[] }[] = []
  #answers: ((verdict: Verdict) => void)[] = []

  set(slot: number, models: readonly string[]): void {
    this.#listed.set(slot, models)
    for (const model of models) if (!this.#names.includes(model)) this.#names.push(model)
  }

  /** -1 once nobody lists it any more. */
  idOf(model: string): number {
    return [...this.#listed.values()].some((models) => models.includes(model)) ? this.#names.indexOf(model) : -1
  }

  serves(slot: number, modelId: number): boolean {
    assert.ok(modelId >= 0, 'asked with the number of no model')
    return this.#listed.get(slot)?.includes(this.#names[modelId]!) ?? false
  }

  isOpen(slot: number): boolean {
    return !this.#listed.has(slot)
  }

  confirmUnknown(model: string, slots: Iterable<number>): Promise<Verdict> {
    this.asked.push({ model, slots: [...slots].sort((a, b) => a - b) })
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  list(slots: Iterable<number>): readonly { readonly id: string }[] {
    return [...new Set([...slots].flatMap((slot) => this.#listed.get(slot) ?? []))].map((id) => ({ id }))
  }

  /** To everybody who waits. */
  answer(verdict: Verdict): void {
    for (const resolve of this.#answers.splice(0)) resolve(verdict)
  }
}
