/** `headgate sim`: simulated model servers on the wire, for trying a gateway out without GPUs. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { atSpeed } from '#/sim/engine/engine-config.ts'
import type { EnginePreset } from '#/sim/engine/presets.ts'
import { ENGINE_PRESETS, findPreset } from '#/sim/engine/presets.ts'
import type { DialectName } from '#/sim/http/dialects.ts'
import { DIALECTS } from '#/sim/http/dialects.ts'
import type { Faults } from '#/sim/http/faults.ts'
import { FAULTS_HELP, NO_FAULTS, parseFaults } from '#/sim/http/faults.ts'
import { PortUnavailableError, startSimulators } from '#/sim/replica-fleet.ts'

interface SimFlags {
  readonly replicas: number
  readonly port: number
  readonly host: string
  readonly model: readonly string[]
  readonly lora: readonly string[]
  readonly loraReplicas?: number
  readonly preset: EnginePreset
  readonly speed: number
  readonly kvBlocks?: number
  readonly blockSize?: number
  readonly maxNumSeqs?: number
  readonly maxModelLen?: number
  readonly maxNumBatchedTokens?: number
  readonly maxLoras?: number
  readonly faults: Faults
  readonly seed: number
  readonly dialect: DialectName
}

/** What the command needs of its surroundings. */
export interface SimSurroundings {
  write(text: string): void
  /** Resolves when the servers are to stop. */
  interrupted(): Promise<void>
}

const DEFAULT_MODEL = 'sim-model'

const HELP = `
Presets (src/sim/engine/presets.ts says where each figure comes from):
${Object.entries(ENGINE_PRESETS)
  .map(([name, { summary }]) => `  ${name.padEnd(18)}${summary}`)
  .join('\n')}

Faults, joined by commas; RATE is a share of requests from 0 to 1:
${FAULTS_HELP}

Tokens are 4 bytes of text each; answers are pseudo words, the same for the same prompt and seed.

Examples:
  headgate sim --replicas 8 --port 9000
  headgate sim --replicas 4 --lora sql-adapter --lora chat-adapter --lora-replicas 2
  headgate sim --preset qwen3-32b-2xh100 --speed 10 --kv-blocks 20000
  headgate sim --replicas 3 --faults latency=50,error=0.01,reset=0.01`

export function simCommand(surroundings: SimSurroundings = processSurroundings): Command {
  const command = new Command('sim')
    .description('start simulated model servers: OpenAI and Anthropic APIs, vLLM metrics, an engine with KV cache and batching, no GPU')
    .option('--replicas <n>', 'servers to start', wholeNumber(1), 1)
    .option('--port <port>', 'port of the first one, the others follow; 0: any free ports', wholeNumber(0, 65_535), 8000)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--model <name>', 'name of the base model; repeat for aliases').argParser(collect).default([], DEFAULT_MODEL))
    .addOption(new Option('--lora <name>', 'LoRA adapter loaded from the start; repeatable').argParser(collect).default([], 'none'))
    .option('--lora-replicas <k>', 'load them on the first K servers only', wholeNumber(0))
    .option('--max-loras <n>', 'adapters that run at once; 0: none can be loaded', wholeNumber(0))
    .addOption(
      new Option('--preset <name>', 'model and hardware to imitate').argParser(asArgument(findPreset)).default(ENGINE_PRESETS.fast, 'fast'),
    )
    .option('--speed <x>', 'divide the times of the engine by x; faults keep theirs', positiveNumber, 1)
    .option('--kv-blocks <n>', 'KV cache blocks', wholeNumber(1))
    .option('--block-size <tokens>', 'tokens in a KV cache block', wholeNumber(1))
    .option('--max-num-seqs <n>', 'requests computed at once', wholeNumber(1))
    .option('--max-model-len <tokens>', 'longest context, prompt and output together', wholeNumber(1))
    .option('--max-num-batched-tokens <n>', 'tokens computed in one step', wholeNumber(1))
    .addOption(new Option('--faults <spec>', 'what goes wrong, see below').argParser(asArgument(parseFaults)).default(NO_FAULTS, 'none'))
    .option('--seed <n>', 'what answers and faults follow from', wholeNumber(0), 1)
    .addOption(new Option('--dialect <name>', 'kind of model server').choices(Object.keys(DIALECTS)).default('vllm'))
    .addHelpText('after', HELP)
  return command.action((flags: SimFlags) => run(flags, command, surroundings))
}

async function run(flags: SimFlags, command: Command, surroundings: SimSurroundings): Promise<void> {
  const models = flags.model.length === 0 ? [DEFAULT_MODEL] : flags.model
  try {
    await using simulators = await startSimulators({
      ...flags,
      models,
      adapters: flags.lora,
      ...(flags.loraReplicas === undefined ? {} : { adapterReplicas: flags.loraReplicas }),
      engine: engineOf(flags),
    })
    const [first] = simulators.urls
    surroundings.write(`${simulators.urls.length} simulated ${flags.dialect} server(s) of ${models[0]}, Ctrl-C to stop\n`)
    for (const url of simulators.urls) surroundings.write(`  ${url}\n`)
    surroundings.write(
      `Try: curl ${first}/v1/completions -H 'content-type: application/json' -d '{"model":"${models[0]}","prompt":"Hello"}'\n`,
    )
    await surroundings.interrupted()
  } catch (error) {
    if (error instanceof PortUnavailableError) command.error(`error: ${error.message}; choose another with --port`, { exitCode: 1 })
    if (error instanceof RangeError) command.error(`error: ${error.message}`, { exitCode: 2 })
    throw error
  }
}

/** A smaller cache without a `--max-model-len` shortens the context to what it holds. */
function engineOf(flags: SimFlags): EngineConfig {
  const preset = flags.preset.config
  const numBlocks = flags.kvBlocks ?? preset.numBlocks
  const blockSize = flags.blockSize ?? preset.blockSize
  return atSpeed(
    {
      ...preset,
      numBlocks,
      blockSize,
      maxNumSeqs: flags.maxNumSeqs ?? preset.maxNumSeqs,
      maxNumBatchedTokens: flags.maxNumBatchedTokens ?? preset.maxNumBatchedTokens,
      maxModelLen: flags.maxModelLen ?? Math.min(preset.maxModelLen, numBlocks * blockSize),
      maxLoras: flags.maxLoras ?? preset.maxLoras,
    },
    flags.speed,
  )
}

/** The first SIGINT or SIGTERM stops the servers, the second has its usual effect: the process ends at once. */
const processSurroundings: SimSurroundings = {
  write: (text) => void process.stdout.write(text),
  interrupted: () =>
    new Promise((resolve) => {
      const stop = (): void => {
        process.off('SIGINT', stop).off('SIGTERM', stop)
        resolve()
      }
      process.on('SIGINT', stop).on('SIGTERM', stop)
    }),
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER ? `A whole number from ${least} on.` : `A whole number from ${least} to ${most}.`,
    )
  }
}

function positiveNumber(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (value > 0) return value
  throw new InvalidArgumentError('A number above 0.')
}

/** A parser that throws a RangeError, as one whose message commander shows beside the flag. */
function asArgument<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw error instanceof RangeError ? new InvalidArgumentError(`${error.message}.`) : error
    }
  }
}
