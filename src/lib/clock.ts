/** Time as a value that can be handed in, so that queues, pickers, scrapers and the simulator also run in virtual time. */

export interface Clock {
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  nowMs(): number
  /** Wall clock, milliseconds since the epoch; for logs and for what other machines read. */
  wallMs(): number
  /** Calls back once after `delayMs`, unless the handle is cancelled first. */
  schedule(delayMs: number, callback: () => void): TimerHandle
}

export interface TimerHandle {
  cancel(): void
}

/** The machine's clocks. Its timers do not keep the process alive: servers do. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
