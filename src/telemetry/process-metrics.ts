/** What the process itself costs: memory, CPU and how late its event loop runs. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from '#/telemetry/metrics.ts'

const PERCENTILES = [50, 99, 100]

/** Returns the function that stops the measurement. */
export function collectProcessMetrics(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const memory = metrics.gauge('residentMemory')
  const cpu = metrics.counter('cpuSeconds')
  const loop = metrics.gauge('loopDelay')
  let countedSeconds = 0
  metrics.onCollect(() => {
    memory.set(process.memoryUsage.rss())
    const { user, system } = process.cpuUsage()
    const seconds = (user + system) / 1e6
    cpu.inc(Math.max(0, seconds - countedSeconds))
    countedSeconds = seconds
    for (const percentile of PERCENTILES) loop.set({ percentile: String(percentile) }, delay.percentile(percentile) / 1e9)
    delay.reset()
  })
  return () => delay.disable()
}
