/** Starts simulated model servers, several in one process, each on a port of its own. */
import type { Clock } from '#/lib/clock.ts'
import { systemClock } from '#/lib/clock.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { checkEngineConfig } from '#/sim/engine/engine-config.ts'
import { ENGINE_PRESETS } from '#/sim/engine/presets.ts'
import type { DialectName } from '#/sim/http/dialects.ts'
import { DIALECTS } from '#/sim/http/dialects.ts'
import type { Faults } from '#/sim/http/faults.ts'
import { NO_FAULTS } from '#/sim/http/faults.ts'
import { ReplicaServer } from '#/sim/http/replica-server.ts'

const MAX_PORT = 65_535

export interface SimulatorOptions {
  readonly replicas: number
  /** Of the first replica; the others follow. 0: the system chooses each one. */
  readonly port: number
  /** Names of the base model, at least one. */
  readonly models: readonly string[]
  /** LoRA adapters loaded from the start, on the first `adapterReplicas` replicas (all of them if not given). */
  readonly adapters?: readonly string[]
  readonly adapterReplicas?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default: the preset `fast`. */
  readonly engine?: EngineConfig
  readonly faults?: Faults
  /** Answers and faults follow from it. Default 1. */
  readonly seed?: number
  readonly dialect?: DialectName
  /** Default: the machine's. */
  readonly clock?: Clock
}

export interface RunningSimulators extends AsyncDisposable {
  readonly urls: readonly string[]
  /** In order of their ports, or of their start if the system chose those. */
  readonly replicas: readonly ReplicaServer[]
}

/** A port of the range is taken, or may not be listened on. */
export class PortUnavailableError extends Error {
  readonly port: number

  constructor(port: number, host: string, cause: Error) {
    const code = 'code' in cause ? String(cause.code) : cause.message
    super(`port ${port} on ${host} ${code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${code})`}`, { cause })
    this.name = 'PortUnavailableError'
    this.port = port
  }
}

/** Rejects with a PortUnavailableError, with nothing left running, or a RangeError for an engine that cannot be. */
export async function startSimulators(options: SimulatorOptions): Promise<RunningSimulators> {
  const {
    replicas: count,
    port,
    models,
    adapters = [],
    adapterReplicas = count,
    host = '127.0.0.1',
    seed = 1,
    clock = systemClock,
  } = options
  const engine = options.engine ?? ENGINE_PRESETS.fast.config
  checkEngineConfig(engine)
  if (adapters.length > 0 && engine.maxLoras === 0) throw new RangeError('adapters on an engine with no adapter slot')
  if (port > 0 && port + count - 1 > MAX_PORT) throw new RangeError(`${count} replicas from port ${port} on go beyond port ${MAX_PORT}`)
  const replicas = Array.from(
    { length: count },
    (_, index) =>
      new ReplicaServer({
        engine,
        models,
        adapters: index < adapterReplicas ? adapters : [],
        seed,
        faultSeed: seed + index,
        clock,
        dialect: DIALECTS[options.dialect ?? 'vllm'],
        faults: options.faults ?? NO_FAULTS,
        host,
        port: port === 0 ? 0 : port + index,
      }),
  )
  const stopAll = async (): Promise<void> => {
    await Promise.all(replicas.map((replica) => replica.stop()))
  }
  for (const replica of replicas) {
    try {
      await replica.start()
    } catch (error) {
      await stopAll()
      if (!(error instanceof Error)) throw error
      throw new PortUnavailableError(replica.port, host, error)
    }
  }
  return { urls: replicas.map(({ url }) => url), replicas, [Symbol.asyncDispose]: stopAll }
}
