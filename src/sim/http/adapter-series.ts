/**
 * The samples of `vllm:lora_requests_info`. The adapters are labels and the value is the time of the report, so old combinations stay on the
 * page with their old time, in the order of their first appearance: the newest is not the last. A bounded number of them is kept.
 */

const MAX_SERIES = 8

export interface AdapterSample {
  readonly running: string
  readonly waiting: string
  readonly atSeconds: number
}

export class AdapterSeries {
  readonly #samples = new Map<string, AdapterSample>()

  /** Notes the combination of this moment and returns all that the page shows. */
  report(running: readonly string[], waiting: readonly string[], atSeconds: number): readonly AdapterSample[] {
    const sample = { running: running.join(','), waiting: waiting.join(','), atSeconds }
    this.#samples.set(`${sample.running};${sample.waiting}`, sample)
    if (this.#samples.size > MAX_SERIES) {
      const [oldest] = [...this.#samples].reduce((a, b) => (b[1].atSeconds < a[1].atSeconds ? b : a))
      this.#samples.delete(oldest)
    }
    return [...this.#samples.values()]
  }
}
