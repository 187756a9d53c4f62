/**
 * `npm run bench [-- --only NAME,... --through NAME,... --repeat N --quick]`: every scenario through this gateway, HAProxy and nothing,
 * interleaved. Progress goes to stderr, the report (Markdown) to stdout, every measurement to .cache/bench/results.jsonl.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { availableParallelism, cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { VERSION } from '#/app/version.ts'
import { ChildProcesses } from './child-processes.ts'
import { GATEWAY_CORE, directContender, ensureHaproxy, haproxyContender, headgateContender, type Contender } from './contenders.ts'
import { measure, type Measured } from './measure.ts'
import { formatReport, notOk } from './report.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'

const RESULTS_FOLDER = '.cache/bench'
const REPETITIONS = 3
/** Name of what is measured in process, beside the scenarios. */
const MICRO = 'micro'
const MICRO_TIMEOUT_MS = 120_000
/** Windows of a quick run, relative to full ones. */
const QUICK_SCALE = 0.4
/** What other programs may take before the figures say more about them. */
const QUIET_CORES = 0.2

const processes = new ChildProcesses()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void processes.close().then(() => process.exit(130))
  })
}

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    through: { type: 'string' },
    repeat: { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const log = (line: string): void => console.error(line)

if (flags.list) {
  for (const { name, title, aim } of SCENARIOS) console.log(`${name.padEnd(18)}${title}; aim: ${aim}`)
  console.log(`${MICRO.padEnd(18)}the request path in process, without I/O`)
} else await runAll()

async function runAll(): Promise<void> {
  const names = flags.only?.split(',')
  const scenarios = chosen(
    SCENARIOS,
    names?.filter((name) => name !== MICRO),
  )
  if (scenarios.length > 0) {
    const contenders = chosen(availableContenders(), flags.through?.split(','))
    const repetitions = Number(flags.repeat ?? (flags.quick ? 1 : REPETITIONS))
    const measured = await measureAll(scenarios, contenders, repetitions, flags.quick ? QUICK_SCALE : 1)
    process.stdout.write(
      formatReport(
        scenarios,
        contenders.map(({ name }) => name),
        measured,
        setting(contenders, measured),
      ),
    )
  }
  if (names === undefined || names.includes(MICRO)) {
    log(`${MICRO}: in process`)
    const report = await processes.run(
      GATEWAY_CORE,
      process.execPath,
      ['--conditions=headgate-source', 'test/bench/micro.ts'],
      MICRO_TIMEOUT_MS,
    )
    process.stdout.write(`\n${report}`)
  }
}

function chosen<T extends { readonly name: string }>(all: readonly T[], names: readonly string[] | undefined): readonly T[] {
  if (names === undefined) return all
  const unknown = names.find((name) => !all.some((each) => each.name === name))
  if (unknown !== undefined) {
    log(`error: '${unknown}' is none of ${all.map((each) => each.name).join(', ')}`)
    process.exit(2)
  }
  return names.flatMap((name) => all.find((each) => each.name === name) ?? [])
}

function availableContenders(): Contender[] {
  const wanted = flags.through?.split(',')
  const contenders = [headgateContender(VERSION)]
  const haproxyVersion = wanted === undefined || wanted.includes('haproxy') ? ensureHaproxy(log) : undefined
  if (haproxyVersion !== undefined) contenders.push(haproxyContender(haproxyVersion, RESULTS_FOLDER))
  return [...contenders, directContender()]
}

async function measureAll(
  scenarios: readonly Scenario[],
  contenders: readonly Contender[],
  repetitions: number,
  timeScale: number,
): Promise<Measured[]> {
  mkdirSync(RESULTS_FOLDER, { recursive: true })
  if (!processes.canPin || availableParallelism() < 2)
    log('!!! no taskset or a single core: processes are not pinned, the figures disturb each other')
  const startedAt = new Date().toISOString()
  const all: Measured[] = []
  for (const scenario of scenarios) {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const contender of contenders) {
        const label = `${scenario.name} #${repetition + 1} ${contender.name}`
        try {
          const measured = await measure(scenario, contender, { processes, timeScale, repetition })
          if (measured === undefined) continue
          all.push(measured)
          appendFileSync(
            join(RESULTS_FOLDER, 'results.jsonl'),
            `${JSON.stringify({ run: startedAt, version: contender.version, ...measured })}\n`,
          )
          log(`${label}: ${summaryOf(measured)}`)
        } catch (error) {
          log(`!!! ${label} failed: ${error instanceof Error ? error.message : String(error)}`)
          process.exitCode = 1
        }
      }
    }
  }
  return all
}

function summaryOf({ load, growthBytes, idle }: Measured): string {
  const parts: string[] = []
  if (idle !== undefined) parts.push(`${idle.cores.toFixed(3)} cores, ${(idle.rssBytes / 1e6).toFixed(0)} MB`)
  if (growthBytes !== undefined) parts.push(`memory +${(growthBytes / 1e6).toFixed(1)} MB`)
  if (load !== undefined) {
    const gateway = load.processes['gateway']
    if (gateway !== undefined && gateway !== null)
      parts.push(`${gateway.cpuUsPerRequest.toFixed(0)} us/request, ${gateway.rssPeakMb.toFixed(0)} MB`)
    parts.push(`${load.perSecond.requests.toFixed(0)}/s, E2E p50 ${load.latencyMs.e2e?.p50.toFixed(2) ?? '-'} ms, ${notOk(load)} not ok`)
    if (load.machine !== null) parts.push(`others ${load.machine.otherCores.toFixed(2)} cores`)
  }
  return parts.join(', ')
}

function setting(contenders: readonly Contender[], measured: readonly Measured[]): string[] {
  const versions = contenders.filter(({ version }) => version !== '').map(({ name, version }) => `${name} ${version}`)
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const others = measured.flatMap(({ load }) => load?.machine?.otherCores ?? []).sort((a, b) => a - b)
  const busy = others[others.length >> 1] ?? 0
  return [
    `${new Date().toISOString().slice(0, 10)}, ${model}, ${availableParallelism()} cores, Linux ${release()}, Node ${process.versions.node}, ${versions.join(', ')}.`,
    'Gateway on core 0, load generator and static backend on core 1; medians of n runs, fresh processes each, interleaved.',
    'CPU is user and system time of the gateway process over the measured window; latency counts from the scheduled send time where a rate is given.',
    `Other programs kept ${busy.toFixed(2)} cores busy in the median window${busy > QUIET_CORES ? ': NOT A QUIET MACHINE, trust ratios more than figures' : ''}.`,
  ]
}
