/** `headgate bench load`: sends load to a gateway or a model server and reports latencies, throughput, errors and CPU. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { planLoad, SYNTHETIC_TRACE, type BenchLoadFlags } from '#/commands/bench-load-plan.ts'
import { byteCount, duration, wholeNumber } from '#/commands/numbers.ts'
import { findFirstModel } from '#/loadgen/first-model.ts'
import { formatLoadReport } from '#/loadgen/load-report.ts'
import type { LoadResult } from '#/loadgen/load-result.ts'
import { LoadTargetError, resolveLoadTarget } from '#/loadgen/load-target.ts'
import { createProgressLine } from '#/loadgen/progress-line.ts'
import { API_PATHS } from '#/loadgen/request-template.ts'
import { runLoad } from '#/loadgen/run-load.ts'
import { TraceError } from '#/loadgen/trace-reader.ts'
import { OWN_PROCESS } from '#/loadgen/usage-window.ts'

const count = wholeNumber(1, 1_000_000_000)

export function benchLoadCommand(): Command {
  return new Command('load')
    .description('Send load and report TTFT, ITL and E2E percentiles, throughput, errors, and CPU of processes.')
    .argument('<url...>', 'where to, such as http://127.0.0.1:8080; several are loaded in turns')
    .option('--rate <number>', 'open loop: requests a second, due whether or not earlier ones were answered', positive)
    .option('--fixed', 'with --rate: evenly spaced instead of Poisson', false)
    .option('--concurrency <number>', 'without --rate: requests kept in flight (64); with it: at most so many in flight (4096)', count)
    .option('--duration <duration>', 'measured time (10s; of a trace: until its end)', duration)
    .option('--warmup <duration>', 'time before that (2s; of a trace: none)', duration)
    .addOption(new Option('--drain <duration>', 'longest wait for the last answers').argParser(duration).default(30_000, '30s'))
    .addOption(
      new Option('--timeout <duration>', 'a request without its whole answer by then has failed')
        .argParser(duration)
        .default(120_000, '120s'),
    )
    .option('--limit <number>', 'send at most so many requests', count)
    .addOption(new Option('--api <name>', 'which API to call').choices(Object.keys(API_PATHS)).default('chat'))
    .option('--model <name>', 'model to ask for (the first that the server lists)')
    .option('--stream', 'ask for streamed answers', false)
    .option('--body-bytes <bytes>', 'size of a request body', byteCount, 1000)
    .option('--max-tokens <number>', 'tokens to generate', count, 32)
    .option('--groups <number>', 'groups of requests with a common prompt prefix', count, 50)
    .option('--shared-bytes <bytes>', 'length of that prefix (half of the prompt)', byteCount)
    .option('--trace <path>', `replay a Mooncake (.jsonl) or Azure (.csv) trace, also gzipped; '${SYNTHETIC_TRACE}' makes one up`)
    .option('--speed <number>', 'with --trace: so many times as fast', positive)
    .option('--seed <number>', 'seed of arrivals and prompts', wholeNumber(0, 2 ** 32 - 4), 1)
    .option('--abort-share <share>', 'share of requests that the client gives up, 0 to 1', share)
    .addOption(new Option('--abort-after <duration>', 'when it does so').argParser(duration).default(500, '500ms'))
    .addOption(
      new Option('--header <field>', "a header field, 'name: value'; may be repeated").argParser(collectHeader).default([], 'none'),
    )
    .addOption(
      new Option('--pid <name=pid>', 'report CPU and memory of this process; may be repeated')
        .argParser(collectPid)
        .default(new Map(), 'none'),
    )
    .option('--endpoint-header <name>', 'answer header that names the serving endpoint', 'x-headgate-endpoint')
    .option('--allow-remote', 'allow a target that is not this machine', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText(
      'after',
      `
Latency counts from the moment a request is due (open loop), so a stall shows in every request that it delays.
Durations: 500ms, 30s, 5m. Bytes: 65536, 64Ki, 4MiB.

Examples:
  headgate bench load http://127.0.0.1:8080 --rate 50 --stream --max-tokens 100
  headgate bench load http://127.0.0.1:8080 --concurrency 64 --duration 30s --pid gateway=$(pgrep -o headgate)
  headgate bench load http://127.0.0.1:8080 --trace ${SYNTHETIC_TRACE} --limit 500 --speed 10 --stream

Exit codes: 0 done, 1 no request succeeded or the target cannot be used, 2 wrong usage.`,
    )
    .action(async (urls: string[], flags: BenchLoadFlags, command: Command) => {
      const misuse = findMisuse(flags)
      if (misuse !== undefined) command.error(`error: ${misuse}`, { exitCode: 2 })
      let result: LoadResult
      try {
        result = await load(urls, flags, command)
      } catch (error) {
        if (error instanceof LoadTargetError || error instanceof TraceError) command.error(`error: ${error.message}`, { exitCode: 1 })
        if (error instanceof RangeError) command.error(`error: ${error.message}`, { exitCode: 2 })
        throw error
      }
      command.configureOutput().writeOut?.(flags.json ? `${JSON.stringify(result, roundNumbers)}\n` : formatLoadReport(result))
      if (result.requests.ok === 0) command.error('error: no request succeeded', { exitCode: 1 })
    })
}

function findMisuse(flags: BenchLoadFlags): string | undefined {
  if (flags.trace !== undefined && flags.rate !== undefined) return '--trace brings its own arrivals; leave --rate out, --speed scales them'
  if (flags.trace === undefined && flags.speed !== undefined) return '--speed needs --trace'
  if (flags.rate === undefined && flags.fixed) return '--fixed needs --rate'
  if (flags.duration === 0) return '--duration must be longer than 0'
  return undefined
}

async function load(urls: readonly string[], flags: BenchLoadFlags, command: Command): Promise<LoadResult> {
  const targets = await Promise.all(urls.map((url) => resolveLoadTarget(url, flags.allowRemote)))
  const model = flags.model ?? (await findFirstModel(targets[0]!, flags.header))
  const { summary, ...plan } = await planLoad(flags, model)
  if (!flags.json)
    command
      .configureOutput()
      .writeErr?.(`${urls.join(' ')}: ${flags.stream ? 'streamed ' : ''}${flags.api} with model ${model}\n${summary}\n\n`)
  const progress = createProgressLine(process.stderr, plan.warmupMs + plan.durationMs)
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort()
  process.once('SIGINT', onSignal)
  try {
    return await runLoad({
      ...plan,
      targets,
      path: API_PATHS[flags.api],
      headers: flags.header,
      stream: flags.stream,
      drainMs: flags.drain,
      timeoutMs: flags.timeout,
      pids: flags.pid,
      endpointHeader: flags.endpointHeader,
      onProgress: (state) => progress.show(state),
      signal: interrupt.signal,
    })
  } finally {
    process.off('SIGINT', onSignal)
    progress.clear()
  }
}

function positive(text: string): number {
  const value = Number(text)
  if (!/^[\d.]+$/.test(text) || !(value > 0)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

function share(text: string): number {
  const value = Number(text)
  if (!/^[\d.]+$/.test(text) || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.')
  return value
}

function collectHeader(text: string, before: readonly string[]): readonly string[] {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x20-\x7e]*$/.test(text))
    throw new InvalidArgumentError("Give 'name: value' in printable ASCII.")
  return [...before, text]
}

function collectPid(text: string, before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const match = /^([\w.-]+)=(\d+)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Give name=PID, such as gateway=4711.')
  if (match[1] === OWN_PROCESS) throw new InvalidArgumentError(`'${OWN_PROCESS}' is the load generator itself; choose another name.`)
  return new Map([...before, [match[1]!, Number(match[2])]])
}

function roundNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}
