/** Waits, within a bound, for what another process does in its own time. */
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 20
const TIMEOUT_MS = 15_000

/** The first value of `probe` that is neither undefined nor false. Rejects with what `probe` throws, and at the end of the time. */
export async function eventually<T>(what: string, probe: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
  const deadlineMs = performance.now() + TIMEOUT_MS
  do {
    const value = await probe()
    if (isThere(value)) return value
    await sleep(POLL_MS)
  } while (performance.now() < deadlineMs)
  throw new Error(`not within ${TIMEOUT_MS / 1000} s: ${what}`)
}

function isThere<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false
}
