/** What is measured: a table. Every scenario runs against each contender in turn, each time with fresh processes. */

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What the gateway has to reach. */
  readonly aim: string
  readonly endpoints: number
  /** Pause between two chunks of a streamed answer; 0: as fast as the event loop turns. */
  readonly intervalMs: number
  readonly measure: Measure
}

/** `args` and `prepare` are arguments of `headgate bench load`; `prepare` runs before, to warm up a JIT compiler. */
export type Measure =
  /** CPU, latency and throughput. `minSeconds`: however quick the run, the window has to hold whole answers. */
  | {
      readonly kind: 'load'
      readonly args: string
      readonly seconds: number
      readonly warmupSeconds: number
      readonly prepare?: string
      readonly minSeconds?: number
    }
  /** How far memory grows over what it was after `prepare`. */
  | { readonly kind: 'memory'; readonly args: string; readonly seconds: number; readonly prepare: string; readonly bodyBytes: number }
  /** CPU and memory with nothing to do. */
  | { readonly kind: 'idle'; readonly seconds: number; readonly settleSeconds: number }

const CHAT = '--body-bytes 1000 --groups 50 --shared-bytes 400 --max-tokens 32'
const LONG = '--api completions --body-bytes 220000 --groups 20 --shared-bytes 110000 --max-tokens 8 --stream'
const WARM = `${CHAT} --concurrency 32 --warmup 0 --duration 4s`
const WARM_STREAM = `${CHAT} --stream --concurrency 100 --warmup 0 --duration 4s`
const LARGE_BODY_BYTES = 4_500_000

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'chat-500',
    title: '1 KB chat, no stream, 500/s',
    aim: '<= 150 us of CPU a request',
    endpoints: 4,
    intervalMs: 0,
    measure: { kind: 'load', args: `${CHAT} --rate 500`, seconds: 10, warmupSeconds: 2, prepare: WARM },
  },
  {
    name: 'chat-2000',
    title: '1 KB chat, no stream, 2,000/s',
    aim: '<= 150 us of CPU a request',
    endpoints: 4,
    intervalMs: 0,
    measure: { kind: 'load', args: `${CHAT} --rate 2000`, seconds: 8, warmupSeconds: 2, prepare: WARM },
  },
  {
    name: 'chat-saturation',
    title: '1 KB chat, no stream, 64 in flight',
    aim: "haproxy's figure in the same run",
    endpoints: 4,
    intervalMs: 0,
    measure: { kind: 'load', args: `${CHAT} --concurrency 64`, seconds: 8, warmupSeconds: 4 },
  },
  {
    name: 'sse-32',
    title: '1 KB chat, SSE of 32 chunks as fast as possible, 100/s',
    aim: '<= 300 us of CPU a request',
    endpoints: 4,
    intervalMs: 0,
    measure: { kind: 'load', args: `${CHAT} --stream --rate 100`, seconds: 10, warmupSeconds: 2, prepare: WARM_STREAM },
  },
  {
    name: 'sse-32-paced',
    title: '1 KB chat, SSE of 32 chunks 10 ms apart, 100/s',
    aim: "haproxy's figure in the same run",
    endpoints: 4,
    intervalMs: 10,
    measure: { kind: 'load', args: `${CHAT} --stream --rate 100`, seconds: 10, warmupSeconds: 2, prepare: WARM_STREAM },
  },
  {
    name: 'prompt-220k',
    title: '220 KB prompt, SSE of 8 chunks 5 ms apart, 20 in flight',
    aim: '<= 900 us of CPU a request',
    endpoints: 4,
    intervalMs: 5,
    measure: { kind: 'load', args: `${LONG} --concurrency 20`, seconds: 8, warmupSeconds: 4 },
  },
  {
    name: 'body-4500k',
    title: '4.5 MB body (1M tokens), one a second',
    aim: 'memory grows by <= 3x the body',
    endpoints: 4,
    intervalMs: 0,
    measure: {
      kind: 'memory',
      args: `--api completions --body-bytes ${LARGE_BODY_BYTES} --groups 5 --rate 1 --fixed`,
      seconds: 6,
      prepare: WARM,
      bodyBytes: LARGE_BODY_BYTES,
    },
  },
  {
    name: 'streams-2000',
    title: '2,000 open streams, 20 chunks 500 ms apart',
    aim: 'no error',
    endpoints: 4,
    intervalMs: 500,
    measure: { kind: 'load', args: `${CHAT} --stream --concurrency 2000 --max-tokens 20`, seconds: 15, minSeconds: 12, warmupSeconds: 0 },
  },
  {
    name: 'idle-100',
    title: '100 endpoints, no requests',
    aim: '<= 0.05 cores, <= 150 MB',
    endpoints: 100,
    intervalMs: 0,
    measure: { kind: 'idle', seconds: 15, settleSeconds: 6 },
  },
]
