import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadProgress } from '#/loadgen/load-options.ts'
import { createProgressLine } from '#/loadgen/progress-line.ts'

const state: LoadProgress = { phase: 'measuring', elapsedMs: 3400, endedRequests: 170, inFlight: 4, waiting: 0, bad: 0 }

function lines(isTTY: boolean, totalMs: number, states: readonly LoadProgress[]): string[] {
  const written: string[] = []
  const progress = createProgressLine({ isTTY, write: (text) => written.push(text) }, totalMs)
  for (const each of states) progress.show(each)
  progress.clear()
  return written
}

test('a terminal sees one line that is written over and cleared', () => {
  assert.deepEqual(lines(true, 12_000, [state, { ...state, waiting: 2, bad: 1 }]), [
    '\r\u001B[K3 of 12 s, measuring, 170 requests done, 4 in flight',
    '\r\u001B[K3 of 12 s, measuring, 170 requests done, 4 in flight, 2 waiting, 1 failed',
    '\r\u001B[K',
  ])
  assert.match(lines(true, Infinity, [state])[0]!, /3 s, measuring/)
})

test('a file sees nothing', () => {
  assert.deepEqual(lines(false, 12_000, [state]), [])
})
