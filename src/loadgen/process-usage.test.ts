import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { cpuSecondsOf, readProcessUsage } from '#/loadgen/process-usage.ts'

test('CPU time is counted from the fields behind the command, whatever its name', () => {
  const fields = 'S 1 2 3 4 5 6 7 8 9 10 250 150 0 0 20 0 11 0 100 0'
  assert.equal(cpuSecondsOf(`4711 (node) ${fields}`), 4)
  assert.equal(cpuSecondsOf(`4711 (a) R 9 (b) ${fields}`), 4)
})

test('this process has CPU time and memory, a process that is not there has none', { skip: !existsSync('/proc/self/stat') }, () => {
  const usage = readProcessUsage(process.pid)
  const own = process.cpuUsage()
  assert.ok(usage !== undefined && Math.abs(usage.cpuSeconds - (own.user + own.system) / 1e6) < 0.5)
  assert.ok(usage.rssBytes > 10e6 && usage.rssBytes < 4e9)
  assert.equal(readProcessUsage(2 ** 31 - 1), undefined)
})
