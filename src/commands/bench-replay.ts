/** `headgate bench replay`: a trace through the gateway's own request path and simulated engines, in virtual time. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { duration, wholeNumber } from '#/commands/numbers.ts'
import { BUILT_IN_PROFILES } from '#/config/built-in-profiles.ts'
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'
import { createRng } from '#/lib/rng.ts'
import { syntheticTrace } from '#/loadgen/synthetic-trace.ts'
import { readTrace, spreadClumps, TraceError } from '#/loadgen/trace-reader.ts'
import type { TraceRecord } from '#/loadgen/trace-record.ts'
import { formatReplayTable } from '#/replay/replay-report.ts'
import type { ReplayResult } from '#/replay/replay-result.ts'
import { replayTrace } from '#/replay/replay-trace.ts'
import { ENGINE_PRESETS, findPreset } from '#/sim/engine/presets.ts'

interface ReplayFlags {
  readonly limit?: number
  readonly policy: BuiltInProfile[]
  readonly endpoints: number[]
  readonly speed: number[]
  readonly preset: string
  readonly scrapeInterval: number
  readonly seeds: number
  readonly json: boolean
}

const SYNTHETIC = { requests: 2000, requestsPerSecond: 3.4 }

export function benchReplayCommand(): Command {
  const policies = Object.keys(BUILT_IN_PROFILES)
  return new Command('replay')
    .description('Replay a trace in virtual time through the request path and simulated engines, and compare policies.')
    .argument('[trace]', 'Mooncake (.jsonl) or Azure (.csv) trace, also gzipped; without it one of the same shape is made up')
    .option('--limit <number>', 'only so many requests of the trace', wholeNumber(1, 1_000_000_000))
    .addOption(new Option('--policy <names...>', 'how endpoints are chosen').choices(policies).default(policies))
    .addOption(listOption('--endpoints <numbers>', 'sizes of the fleet', wholeNumber(1, 16_384), [8]))
    .addOption(listOption('--speed <numbers>', 'time compression: 2 is the trace in half its time', positive, [1]))
    .addOption(new Option('--preset <name>', 'engine of each endpoint').choices(Object.keys(ENGINE_PRESETS)).default('qwen3-32b-2xh100'))
    .addOption(new Option('--scrape-interval <duration>', 'how old scraped numbers get').argParser(duration).default(200, '200ms'))
    .option('--seeds <number>', 'runs of each combination, with seeds 1, 2, ...', wholeNumber(1, 1000), 1)
    .option('--json', 'one line of JSON a run instead of the table', false)
    .addHelpText(
      'after',
      `
The prompts are text with the trace's own sharing, 4 bytes a token; the router sees nothing but bytes, as in production. Hit rate is measured in
the engines; the ideal is one prefix cache of unlimited size for all. Goodput: TTFT within 2 s plus a lone prefill of the prompt, mean ITL within
50 ms. Spread: standard deviation over mean of the tokens that each endpoint computed.

Examples:
  headgate bench replay
  headgate bench replay conversation.jsonl.gz --endpoints 4,8,16 --speed 1,2 --policy default round-robin
  headgate bench replay conversation.jsonl.gz --seeds 5 --json > runs.jsonl

Exit codes: 0 done, 1 the trace cannot be read, 2 wrong usage.`,
    )
    .action(async (path: string | undefined, flags: ReplayFlags, command: Command) => {
      let records: TraceRecord[]
      try {
        records = await load(path, flags.limit)
      } catch (error) {
        if (error instanceof TraceError) command.error(`error: ${error.message}`, { exitCode: 1 })
        throw error
      }
      const write = (text: string): void => command.configureOutput().writeOut?.(text)
      const results: ReplayResult[] = []
      for (const result of runAll(records, flags)) {
        results.push(result)
        if (flags.json) write(`${JSON.stringify(result)}\n`)
      }
      if (!flags.json) write(formatReplayTable(results))
    })
}

function* runAll(records: readonly TraceRecord[], flags: ReplayFlags): Generator<ReplayResult> {
  const total = flags.endpoints.length * flags.speed.length * flags.policy.length * flags.seeds
  let run = 0
  for (const endpoints of flags.endpoints) {
    for (const speed of flags.speed) {
      for (const policy of flags.policy) {
        for (let seed = 1; seed <= flags.seeds; seed++) {
          run++
          const label = `run ${run} of ${total}: ${policy}, ${endpoints} endpoints, speed ${speed}, seed ${seed}`
          yield replayTrace({
            records,
            policy,
            endpoints,
            speed,
            seed,
            engine: findPreset(flags.preset).config,
            scrapeIntervalMs: flags.scrapeInterval,
            onProgress: (done, all) => showProgress(`${label}: ${Math.round((100 * done) / all)}%`),
          })
        }
      }
    }
  }
  showProgress('')
}

function load(path: string | undefined, limit: number | undefined): Promise<TraceRecord[]> {
  if (path !== undefined) return readTrace(path, limit)
  return Promise.resolve(spreadClumps(syntheticTrace({ ...SYNTHETIC, requests: limit ?? SYNTHETIC.requests, rng: createRng(1) })))
}

/** One line that is written over, on a terminal only. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function listOption(flags: string, description: string, parse: (text: string) => number, fallback: number[]): Option {
  return new Option(flags, `${description}, comma separated`)
    .argParser((text: string) => text.split(',').map(parse))
    .default(fallback, fallback.join(','))
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
