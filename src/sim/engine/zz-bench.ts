import { VirtualClock } from '#/lib/virtual-clock.ts'
import { createRng } from '#/lib/rng.ts'
import { Engine } from '#/sim/engine/engine.ts'
import { ENGINE_PRESETS } from '#/sim/engine/presets.ts'
import { blockKeysOfPieceIds } from '#/sim/engine/block-key.ts'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
const clock = new VirtualClock()
const engines = Array.from({ length: 8 }, () => new Engine(ENGINE_PRESETS['qwen3-32b-2xh100'].config, clock))
const trace = gunzipSync(readFileSync('/work/shared/data/mooncake_conversation_trace.jsonl.gz')).toString().trim().split('\n').map(l => JSON.parse(l)).slice(0, Number(process.argv[2] ?? 12031))
const rng = createRng(1)
let ended = 0, ttft = 0, maxw=0
const t0 = performance.now()
for (const r of trace) clock.schedule((r.timestamp + rng.next() * 3000) / Number(process.argv[3] ?? 1.4), () => {
  let e = engines[0]!; for (const c of engines) if (c.runningCount + c.waitingCount < e.runningCount + e.waitingCount) e = c
  const at = clock.nowMs()
  e.submit({ promptTokens: r.input_length, blockKeys: blockKeysOfPieceIds(r.hash_ids, 512, r.input_length, 16), maxTokens: Math.min(r.output_length, 131072 - r.input_length), events: { onFirstToken(_, t) { ttft += t - at }, onEnd() { ended++ } } })
  maxw=Math.max(maxw,e.waitingCount)
})
while (clock.runNext()) {}
const wall = (performance.now() - t0) / 1000
const c = engines.map(e => e.counters)
console.log({ ended, wall, perSecond: ended / wall, virtual: clock.nowMs() / 1000, speedup: clock.nowMs()/1000/wall, meanTtftMs: ttft / ended, maxw, steps: c.reduce((a, b) => a + b.steps, 0), preempt: c.reduce((a, b) => a + b.preemptions, 0), hit: c.reduce((a, b) => a + b.prefixHitTokens, 0) / c.reduce((a, b) => a + b.prefixQueryTokens, 0), used: engines.map(e => e.usedBlocks + e.runningCount + e.waitingCount) })
