/** Simulated model servers in this process, where their engines can be looked into, and a gateway in front of them in a process of its own. */
import { atSpeed } from '#/sim/engine/engine-config.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { ENGINE_PRESETS } from '#/sim/engine/presets.ts'
import { startSimulators } from '#/sim/replica-fleet.ts'
import type { RunningSimulators, SimulatorOptions } from '#/sim/replica-fleet.ts'
import { eventually } from './eventually.ts'
import { GatewayProcess } from './gateway-process.ts'

export const MODEL = 'test-model'
/** On the first server only. Real names have slashes. */
export const ADAPTER = 'team/sql-adapter'

/** A millisecond a token. */
const ENGINE: EngineConfig = atSpeed(ENGINE_PRESETS.fast.config, 5)

/** Fields of a request whose answer goes on for longer than any test. The simulator takes `ignore_eos` as vLLM does. */
export const ENDLESS = { ignore_eos: true, max_tokens: 30_000 }

export function startTestServers(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulators> {
  return startSimulators({ replicas: 2, port: 0, models: [MODEL], adapters: [ADAPTER], adapterReplicas: 1, engine: ENGINE, ...options })
}

export class ServingFleet implements AsyncDisposable {
  readonly servers: RunningSimulators
  readonly gateway: GatewayProcess

  constructor(servers: RunningSimulators, gateway: GatewayProcess) {
    this.servers = servers
    this.gateway = gateway
  }

  /** `flags` of `headgate up`. Resolves once the gateway is ready. */
  static async start(flags: readonly string[] = [], options: Partial<SimulatorOptions> = {}): Promise<ServingFleet> {
    await using starting = new AsyncDisposableStack()
    const servers = starting.use(await startTestServers(options))
    const gateway = starting.use(await GatewayProcess.start([...servers.urls, ...flags]))
    await gateway.untilReady()
    starting.move()
    return new ServingFleet(servers, gateway)
  }

  /** Sequences in the engines. */
  get sequences(): number {
    return this.servers.replicas.reduce((sum, { engine }) => sum + engine.runningCount + engine.waitingCount, 0)
  }

  /** Until no engine has work and the gateway counts none: what was begun has ended everywhere. */
  async untilIdle(): Promise<void> {
    await eventually('the engines have no sequence', () => this.sequences === 0)
    await eventually('the gateway counts nothing in flight', async () => {
      const { requests, promptTokens, outputTokens } = await this.gateway.inFlight()
      return requests === 0 && promptTokens === 0 && outputTokens === 0
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
    await this.servers[Symbol.asyncDispose]()
  }
}
