/** What the tests of the simulated servers share: a quick engine, and a client on `fetch`. */
import assert from 'node:assert/strict'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import type { RunningSimulators, SimulatorOptions } from '#/sim/replica-fleet.ts'
import { startSimulators } from '#/sim/replica-fleet.ts'

export const QUICK_ENGINE: EngineConfig = {
  blockSize: 16,
  numBlocks: 256,
  maxNumSeqs: 16,
  maxNumBatchedTokens: 512,
  maxModelLen: 1024,
  maxLoras: 2,
  adapterLoadMs: 0,
  stepTime: { baseMs: 0.2, prefillTokenMs: 0, streamMs: 0, contextTokenMs: 0 },
}

/** Steps so long that nothing ends within a test. */
export const STUCK_ENGINE: EngineConfig = { ...QUICK_ENGINE, stepTime: { ...QUICK_ENGINE.stepTime, baseMs: 1e8 } }

/** One replica (if not told otherwise) of `base-model` with the adapter `sql-adapter`, on a free port. */
export function startQuick(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulators> {
  return startSimulators({ replicas: 1, port: 0, models: ['base-model'], adapters: ['sql-adapter'], engine: QUICK_ENGINE, ...options })
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The answer to a request that succeeds, believed to be of the given shape: a test that is wrong about it fails. */
export async function postJson<Shape>(url: string, body: unknown): Promise<Shape> {
  const response = await post(url, body)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text)
}

export interface ServerSentEvent {
  readonly name: string | undefined
  readonly data: string
}

export async function postForEvents(url: string, body: unknown): Promise<ServerSentEvent[]> {
  const response = await post(url, body)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const text = await response.text()
  assert.ok(text.endsWith('\n\n'))
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((event) => {
      const lines = event.split('\n')
      return {
        name: lines.find((line) => line.startsWith('event: '))?.slice(7),
        data: lines.find((line) => line.startsWith('data: '))!.slice(6),
      }
    })
}

/** Waits until something that other parties do has happened; the test's own time limit is the only one. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
