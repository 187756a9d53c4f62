/** `headgate up`: the embedded gateway, in front of given model servers or of simulated ones. */
import { Command, Option } from 'commander'
import { DEFAULT_GATEWAY_OPTIONS } from '#/app/gateway-options.ts'
import { runGateway } from '#/app/run-gateway.ts'
import { byteCount, byteCountIn, duration, wholeNumber } from '#/commands/numbers.ts'
import { BUILT_IN_PROFILES } from '#/config/built-in-profiles.ts'
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'

interface UpFlags {
  readonly host: string
  readonly port: number
  readonly adminHost: string
  readonly adminPort: number
  readonly profile: BuiltInProfile
  readonly maxBodyBytes: number
  readonly maxHeaderBytes: number
  readonly maxConnections: number
  readonly maxRequests: number
  readonly headerTimeout: number
  readonly bodyTimeout: number
  readonly requestTimeout: number
  readonly responseTimeout: number
  readonly idleTimeout: number
  readonly drainTimeout: number
  readonly prefixIndexBytes: number
  readonly seed: number
  readonly accessLog: boolean
  readonly logLevel: string
  readonly logFormat?: 'json' | 'pretty'
  readonly table: boolean
}

const port = wholeNumber(0, 65_535)
const count = wholeNumber(1, 1_000_000)

export function upCommand(): Command {
  const d = DEFAULT_GATEWAY_OPTIONS
  const { limits, upstream } = d
  return new Command('up')
    .description('Start the gateway: in front of the given model servers, or of four simulated ones when none is given.')
    .argument('[url...]', 'model servers, such as http://10.0.0.1:8000')
    .option('--host <address>', 'address the gateway listens on', d.host)
    .option('--port <number>', 'port the gateway listens on, 0 for any free one', port, d.port)
    .option('--admin-host <address>', 'address of the admin port', d.adminHost)
    .option('--admin-port <number>', 'port for /metrics, /livez, /readyz and /api/fleet', port, d.adminPort)
    .addOption(new Option('--profile <name>', 'how endpoints are chosen').choices(Object.keys(BUILT_IN_PROFILES)).default(d.profile))
    .option('--max-body-bytes <bytes>', 'largest request body, beyond it 413', byteCount, limits.maxBodyBytes)
    .option('--max-header-bytes <bytes>', 'largest request head, beyond it 431', byteCount, limits.maxHeaderBytes)
    .option('--max-connections <number>', 'client connections, one more is closed at once', count, limits.maxConnections)
    .option('--max-requests <number>', 'requests in flight, one more gets 429', count, d.maxRequests)
    .option('--header-timeout <duration>', 'time for a request head to arrive, beyond it 408', duration, limits.headerTimeoutMs)
    .option('--body-timeout <duration>', 'longest pause inside a request body, beyond it 408', duration, limits.bodyTimeoutMs)
    .option('--request-timeout <duration>', 'time for a whole request to arrive, beyond it 408', duration, limits.requestTimeoutMs)
    .option(
      '--response-timeout <duration>',
      'time for an endpoint to begin its answer, beyond it 504',
      duration,
      upstream.responseTimeoutMs,
    )
    .option('--idle-timeout <duration>', 'longest pause inside an answer before it is cut', duration, upstream.streamIdleTimeoutMs)
    .option('--drain-timeout <duration>', 'how long requests in flight may go on after the first signal', duration, d.drainTimeoutMs)
    .option(
      '--prefix-index-bytes <bytes>',
      'memory budget of the prefix index, 1 MiB to 1 GiB',
      byteCountIn(1024 ** 2, 1024 ** 3),
      d.prefixIndexBytes,
    )
    .option('--seed <number>', 'seed of random choices', wholeNumber(0, 2 ** 32 - 1), d.seed)
    .option('--access-log', 'log a line for each request (never prompt text)', d.accessLog)
    .addOption(
      new Option('--log-level <level>', 'least severe log line')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .addOption(new Option('--log-format <format>', 'default: pretty on a terminal, else json').choices(['json', 'pretty']))
    .option('--no-table', 'no live table of endpoints on a terminal')
    .addHelpText(
      'after',
      `
Durations: 500ms, 30s, 5m, 1h. Bytes: 65536, 64Ki, 64MiB, 1G.

Examples:
  headgate up                                   demo with simulated model servers
  headgate up http://localhost:8000             one model server
  headgate up http://gpu-1:8000 http://gpu-2:8000 --port 80 --host 0.0.0.0 --access-log
  headgate up http://[fd00::1]:8000 https://models.example.org

The first Ctrl-C drains (new requests are refused, streams finish), a second one ends at once.`,
    )
    .action(async (urls: string[], flags: UpFlags) => {
      process.exitCode = await runGateway(
        {
          urls,
          host: flags.host,
          port: flags.port,
          adminHost: flags.adminHost,
          adminPort: flags.adminPort,
          profile: flags.profile,
          limits: {
            ...limits,
            maxBodyBytes: flags.maxBodyBytes,
            maxHeaderBytes: flags.maxHeaderBytes,
            maxConnections: flags.maxConnections,
            headerTimeoutMs: flags.headerTimeout,
            bodyTimeoutMs: flags.bodyTimeout,
            requestTimeoutMs: flags.requestTimeout,
          },
          maxRequests: flags.maxRequests,
          upstream: { ...upstream, responseTimeoutMs: flags.responseTimeout, streamIdleTimeoutMs: flags.idleTimeout },
          drainTimeoutMs: flags.drainTimeout,
          prefixIndexBytes: flags.prefixIndexBytes,
          maxEndpoints: d.maxEndpoints,
          seed: flags.seed,
          accessLog: flags.accessLog,
        },
        { logLevel: flags.logLevel, logFormat: flags.logFormat, table: flags.table },
      )
    })
}
