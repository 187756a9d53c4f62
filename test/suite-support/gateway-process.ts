/** `headgate up` as an operator runs it: a process of its own, on free ports, known by what it prints and by its admin port. */
import type { FleetView } from '#/admin/fleet-view.ts'
import { eventually } from './eventually.ts'
import { RunningCommand } from './running-command.ts'
import type { CommandEnd, CommandOptions } from './running-command.ts'

/** How the command line is called. */
export interface Launcher extends CommandOptions {
  readonly command: string
  readonly args: readonly string[]
}

/** The sources in this folder. */
const FROM_SOURCE: Launcher = { command: process.execPath, args: ['--conditions=headgate-source', 'src/main.ts'] }

/** Longer than a suite takes. */
const TIMEOUT_MS = 180_000

export interface LoadCounts {
  readonly requests: number
  readonly promptTokens: number
  readonly outputTokens: number
}

export class GatewayProcess implements AsyncDisposable {
  readonly url: string
  readonly adminUrl: string
  readonly #command: RunningCommand

  private constructor(command: RunningCommand, url: string, adminUrl: string) {
    this.#command = command
    this.url = url
    this.adminUrl = adminUrl
  }

  /** `args`: model servers (none: the demo) and flags. Resolves once it listens. */
  static async start(args: readonly string[], launcher: Launcher = FROM_SOURCE): Promise<GatewayProcess> {
    const command = new RunningCommand(launcher.command, [...launcher.args, 'up', '--port', '0', '--admin-port', '0', ...args], {
      timeoutMs: TIMEOUT_MS,
      ...launcher,
    })
    try {
      const [, url = '', adminUrl = ''] = await eventually('headgate up prints its addresses', () => {
        const addresses = /^ *gateway +(\S+)\n *admin +(\S+)/m.exec(command.stdout)
        if (addresses === null && command.hasEnded) throw new Error(`headgate up ended: ${command.stderr}`)
        return addresses ?? undefined
      })
      return new GatewayProcess(command, url, adminUrl)
    } catch (error) {
      await command.stop()
      throw error
    }
  }

  /** Until every pool has an endpoint that is ready. */
  async untilReady(): Promise<void> {
    await eventually('the gateway is ready', async () => (await this.#get('/readyz')).ok)
  }

  async fleet(): Promise<FleetView> {
    const view: FleetView = JSON.parse(await (await this.#get('/api/fleet')).text())
    return view
  }

  async metrics(): Promise<string> {
    return (await this.#get('/metrics')).text()
  }

  /** What is counted as in flight, over all endpoints. */
  async inFlight(): Promise<LoadCounts> {
    const counts = { requests: 0, promptTokens: 0, outputTokens: 0 }
    for (const { inflight } of (await this.fleet()).endpoints) {
      counts.requests += inflight.requests
      counts.promptTokens += inflight.promptTokens
      counts.outputTokens += inflight.outputTokens
    }
    return counts
  }

  /** Drains. */
  stop(): Promise<CommandEnd> {
    return this.#command.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #get(path: string): Promise<Response> {
    return fetch(this.adminUrl + path, { signal: AbortSignal.timeout(5_000) })
  }
}
