/** Draws the faults of one replica, request by request, from a seed. */
import type { Rng } from '#/lib/rng.ts'
import type { Faults } from '#/sim/http/faults.ts'

export interface RequestFault {
  readonly kind: 'none' | 'hang' | 'error' | 'crash'
  readonly resetMidway: boolean
  readonly delayMs: number
}

export class FaultInjector {
  readonly #faults: Faults
  readonly #rng: Rng
  #inferenceRequests = 0

  constructor(faults: Faults, rng: Rng) {
    this.#faults = faults
    this.#rng = rng
  }

  next(kind: 'inference' | 'metrics' | 'control'): RequestFault {
    const { latencyMs, hangRate, errorRate, resetRate, crashAfter, slowMetricsMs } = this.#faults
    if (kind !== 'inference') return { kind: 'none', resetMidway: false, delayMs: kind === 'metrics' ? slowMetricsMs : 0 }
    if (++this.#inferenceRequests > crashAfter) return { kind: 'crash', resetMidway: false, delayMs: 0 }
    // All three are drawn every time, so that changing one rate leaves the others' sequence alone.
    const [hang, error, reset] = [this.#rng.next() < hangRate, this.#rng.next() < errorRate, this.#rng.next() < resetRate]
    return { kind: hang ? 'hang' : error ? 'error' : 'none', resetMidway: reset, delayMs: latencyMs }
  }
}
