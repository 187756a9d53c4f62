/** The fleet's numbers: one pair of typed arrays for each key, allocated once for the largest fleet and never moved. */
import type { Column, ColumnKey } from '#/sdk/data-key.ts'
import { MAX_SLOTS } from '#/sdk/endpoint.ts'

export class ColumnStore {
  readonly maxEndpoints: number
  readonly #columns = new Map<string, Column>()

  /** Throws a RangeError unless `maxEndpoints` is an integer from 1 to MAX_SLOTS. */
  constructor(maxEndpoints: number) {
    if (!Number.isInteger(maxEndpoints) || maxEndpoints < 1 || maxEndpoints > MAX_SLOTS) {
      throw new RangeError(`maxEndpoints is ${maxEndpoints}: it must be a whole number from 1 to ${MAX_SLOTS}`)
    }
    this.maxEndpoints = maxEndpoints
  }

  /** The column of a key, created at first use. It outlives every plugin that reads it. */
  column(key: ColumnKey): Column {
    const existing = this.#columns.get(key.name)
    if (existing !== undefined) {
      if (existing.key !== key) throw new Error(`two different data keys are named "${key.name}"`)
      return existing
    }
    const column: Column = {
      key,
      values: new Float64Array(this.maxEndpoints),
      updatedAtMs: new Float64Array(this.maxEndpoints).fill(-Infinity),
    }
    this.#columns.set(key.name, column)
    return column
  }

  all(): IterableIterator<Column> {
    return this.#columns.values()
  }

  /** Back to "no value yet" for the slot's next owner. */
  resetSlot(slot: number): void {
    for (const column of this.#columns.values()) {
      column.values[slot] = 0
      column.updatedAtMs[slot] = -Infinity
    }
  }
}
