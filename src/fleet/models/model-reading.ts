/** What the model catalogue keeps about one endpoint. */
import type { ModelCard } from '#/fleet/models/model-card.ts'
import type { Endpoint } from '#/fleet/state/endpoint-table.ts'

export interface ModelReading {
  readonly endpoint: Endpoint
  /** Undefined until the endpoint gave a list. */
  cards: readonly ModelCard[] | undefined
  state: 'idle' | 'queued' | 'in flight'
  /** Gives up the read in flight. */
  stop: (() => void) | undefined
  /** Another read is wanted as soon as the one in flight is over: 'now', or a decent time after its begin. */
  again: 'no' | 'soon' | 'now'
  /** Begin of the newest read. -Infinity before the first, as below. */
  startedAtMs: number
  /** Begin of the newest read that is over, however it ended. */
  triedAtMs: number
  /** Begin of the newest read that told what the endpoint serves. */
  readAtMs: number
  /** Called once when a read is over or given up. */
  waiting: (() => void)[]
}

export function createModelReading(endpoint: Endpoint): ModelReading {
  return {
    endpoint,
    cards: undefined,
    state: 'idle',
    stop: undefined,
    again: 'no',
    startedAtMs: -Infinity,
    triedAtMs: -Infinity,
    readAtMs: -Infinity,
    waiting: [],
  }
}
