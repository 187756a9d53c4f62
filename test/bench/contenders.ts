/** What is compared: this gateway, HAProxy, and no gateway at all. The one place that knows how each is started. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildProcesses, StartedProcess } from './child-processes.ts'

export interface Contender {
  readonly name: string
  readonly version: string
  start(processes: ChildProcesses, endpointUrls: readonly string[]): Promise<RunningContender>
}

export interface RunningContender {
  /** Where load goes. */
  readonly urls: readonly string[]
  readonly process: StartedProcess | undefined
}

export const GATEWAY_CORE = 0
export const LOAD_CORE = 1

const READY_TIMEOUT_MS = 30_000

export function directContender(): Contender {
  return { name: 'direct', version: '', start: (_processes, endpointUrls) => Promise.resolve({ urls: endpointUrls, process: undefined }) }
}

export function headgateContender(version: string): Contender {
  return {
    name: 'headgate',
    version,
    async start(processes, endpointUrls) {
      const [port, adminPort] = [await freePort(), await freePort()]
      const flags = ['--port', String(port), '--admin-port', String(adminPort), '--log-level', 'warn', '--no-table']
      const gateway = processes.start(GATEWAY_CORE, process.execPath, [
        '--conditions=headgate-source',
        'src/main.ts',
        'up',
        ...endpointUrls,
        ...flags,
      ])
      return await ready(`http://127.0.0.1:${port}`, gateway)
    },
  }
}

/** `folder` takes the generated configuration. */
export function haproxyContender(version: string, folder: string): Contender {
  return {
    name: 'haproxy',
    version,
    async start(processes, endpointUrls) {
      const port = await freePort()
      const path = join(folder, 'haproxy.cfg')
      mkdirSync(folder, { recursive: true })
      writeFileSync(path, haproxyConfiguration(port, endpointUrls))
      return await ready(`http://127.0.0.1:${port}`, processes.start(GATEWAY_CORE, 'haproxy', ['-db', '-f', path]))
    },
  }
}

/** HAProxy's version; undefined if it is missing and cannot be installed (Debian, as root). */
export function ensureHaproxy(log: (line: string) => void): string | undefined {
  const installed = haproxyVersion()
  if (installed !== undefined) return installed
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    log('haproxy is missing: apt-get install haproxy')
    // RUNLEVEL=1 keeps Debian's scripts from starting the service.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'haproxy'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const version = haproxyVersion()
  if (version === undefined)
    log('!!! haproxy is missing and could not be installed: ITS ROWS ARE SKIPPED, there is nothing to compare with')
  return version
}

function haproxyVersion(): string | undefined {
  return /version (\S+)/.exec(spawnSync('haproxy', ['-v'], { encoding: 'utf8' }).stdout ?? '')?.[1]
}

/** One thread, round robin, kept connections on both sides; without http-no-delay HAProxy holds back the chunks of a stream. */
export function haproxyConfiguration(port: number, endpointUrls: readonly string[]): string {
  const servers = endpointUrls.map((url, i) => `  server s${i} ${new URL(url).host} check inter 2s`)
  return `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  maxconn 8000
  option http-no-delay
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout http-request 30s
  timeout client 120s
  timeout server 120s
frontend gateway
  bind 127.0.0.1:${port} backlog 4096
  default_backend fleet
backend fleet
  balance roundrobin
  option httpchk GET /health
${servers.join('\n')}
`
}

async function ready(url: string, gateway: StartedProcess): Promise<RunningContender> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < deadlineMs) {
    const answer = await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    await answer?.arrayBuffer().catch(() => undefined)
    if (answer?.ok === true) return { urls: [url], process: gateway }
    const lastWords = gateway.lastWords()
    if (lastWords !== undefined) throw new Error(`it ended at once: ${lastWords}`)
    await sleep(100)
  }
  throw new Error(`${url} was not ready within ${READY_TIMEOUT_MS / 1000} s`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
