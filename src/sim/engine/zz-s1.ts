import { VirtualClock } from '#/lib/virtual-clock.ts'
import { createRng } from '#/lib/rng.ts'
import { Engine } from '#/sim/engine/engine.ts'
import { ENGINE_PRESETS } from '#/sim/engine/presets.ts'
import { mixKeys } from '#/sim/engine/block-key.ts'
for (const mode of ['rr', 'group']) for (const rate of [15, 18, 25, 60]) {
const clock = new VirtualClock()
const engines = Array.from({ length: 8 }, () => new Engine(ENGINE_PRESETS['qwen3-32b-2xh100'].config, clock))
const rng = createRng(1)
let at = 0, k = 0, done = 0, ntpot = 0
const ttft: number[] = []
const until = 240_000
while (at < until) { at += -Math.log(1 - rng.next()) * 1000 / rate; const id = k++; const group = Math.floor(rng.next() * 150)
  clock.schedule(at, () => { const e = mode === 'rr' ? engines[id % 8]! : engines[group % 8]!
    const keys = new Float64Array(450); for (let b = 0; b < 450; b++) keys[b] = b < 375 ? mixKeys(group + 1, b) : mixKeys(1e6 + id, b)
    const s = clock.nowMs()
    e.submit({ promptTokens: 7200, blockKeys: keys, maxTokens: 1000, events: { onFirstToken(_, t) { ttft.push(t - s) }, onEnd(_, c, t) { done++; ntpot += (t - s) / 1000 } } }) }) }
clock.advanceTo(until / 2); const g0 = engines.reduce((a, e) => a + e.counters.generationTokens, 0); clock.advanceTo(until)
ttft.sort((a, b) => a - b)
console.log(mode, rate, 'out tok/s', Math.round((engines.reduce((a, e) => a + e.counters.generationTokens, 0) - g0) / (until / 2000)), 'ttft p50', Math.round(ttft[ttft.length >> 1]!), 'p90', Math.round(ttft[Math.floor(ttft.length * .9)]!), 'ntpot', (ntpot / done).toFixed(1), 'running', engines.map(e => e.runningCount).join())
}
