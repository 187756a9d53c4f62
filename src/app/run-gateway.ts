/** `headgate up` as a person sees it: what is started, where it listens, the table, the signals, the exit code. */
import { startDemo } from '#/app/demo.ts'
import type { Demo } from '#/app/demo.ts'
import { startGateway } from '#/app/gateway.ts'
import type { Gateway } from '#/app/gateway.ts'
import type { GatewayOptions } from '#/app/gateway-options.ts'
import { LiveTable } from '#/app/live-table.ts'
import { StartError } from '#/app/start-error.ts'
import { createLogger } from '#/telemetry/logger.ts'

export interface Presentation {
  readonly logLevel: string
  readonly logFormat: 'json' | 'pretty' | undefined
  /** Draw the live table where standard output is a terminal. */
  readonly table: boolean
}

const TABLE_INTERVAL_MS = 1000

/** Resolves with the exit code when the gateway has stopped. */
export async function runGateway(options: GatewayOptions, presentation: Presentation): Promise<number> {
  const table = presentation.table && process.stdout.isTTY ? new LiveTable(process.stdout) : undefined
  const log = createLogger({
    level: presentation.logLevel,
    format: presentation.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json'),
    ...(table === undefined ? {} : { write: (line: string) => table.print(line) }),
  })
  const stop = waitForSignal()
  let demo: Demo | undefined
  let gateway: Gateway | undefined
  try {
    demo = options.urls.length === 0 ? await startDemo(options.seed) : undefined
    gateway = await startGateway({ ...options, urls: demo?.urls ?? options.urls }, log)
    process.stdout.write(describe(gateway, demo))
    const timer = table === undefined ? undefined : setInterval(() => table.draw(gateway!.viewFleet()), TABLE_INTERVAL_MS)
    const signal = await stop
    clearInterval(timer)
    log.info({ signal, inFlight: gateway.inFlight }, 'draining; a second signal ends at once')
    await gateway.drain()
    return 0
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    process.stderr.write(`headgate: ${error.message}\n`)
    return 1
  } finally {
    await gateway?.[Symbol.asyncDispose]()
    await demo?.[Symbol.asyncDispose]()
  }
}

/** The first SIGINT or SIGTERM resolves it; the next one ends the process with the status a shell expects. */
function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let count = 0
    const onSignal = (signal: NodeJS.Signals): void => {
      count++
      if (count > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
      resolve(signal)
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}

function describe(gateway: Gateway, demo: Demo | undefined): string {
  const model = demo?.models[0] ?? 'MODEL'
  const servers =
    demo === undefined
      ? `${gateway.endpointCount} model server${gateway.endpointCount === 1 ? '' : 's'}`
      : `${demo.urls.length} simulated model servers (${demo.models.join(', ')}; adapters on two of them: ${demo.adapters.join(', ')})`
  return `
Headgate is up, in front of ${servers}.

  gateway  ${gateway.url}
  admin    ${gateway.adminUrl}   /metrics /livez /readyz /api/fleet

Try it:

  curl ${gateway.url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}],"stream":true}'

`
}
