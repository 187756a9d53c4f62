/** The embedded gateway: builds every part, starts them in order, drains, and stops them in reverse. The only place that knows everything. */
import { viewFleet } from '#/admin/fleet-view.ts'
import type { FleetView } from '#/admin/fleet-view.ts'
import { AdminServer } from '#/admin/server.ts'
import { createAdminRoutes } from '#/app/admin-routes.ts'
import { collectFleetMetrics } from '#/app/fleet-metrics.ts'
import type { GatewayOptions } from '#/app/gateway-options.ts'
import { logAccess } from '#/app/access-log.ts'
import { createModelRoutes } from '#/app/model-routes.ts'
import { createRoutingCore } from '#/app/routing-core.ts'
import { StartError, toStartError } from '#/app/start-error.ts'
import { VERSION } from '#/app/version.ts'
import { HttpEdge } from '#/edge/http/server.ts'
import { UndiciUpstream } from '#/edge/http/undici-upstream.ts'
import { StaticDiscovery } from '#/fleet/discovery/static-discovery.ts'
import { ModelCatalogue } from '#/fleet/models/model-catalogue.ts'
import { NetGet } from '#/fleet/scrape/net-get.ts'
import { Scraper } from '#/fleet/scrape/scraper.ts'
import type { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { systemClock } from '#/lib/clock.ts'
import { createRng } from '#/lib/rng.ts'
import { API_ROUTES } from '#/request/parse/api-routes.ts'
import type { Attempt, AttemptHooks } from '#/sdk/attempt.ts'
import type { DataKey } from '#/sdk/data-key.ts'
import { cacheBlockSize, cacheNumBlocks, endpointAdapters, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'
import { toLoggable } from '#/telemetry/logger.ts'
import type { Logger } from '#/telemetry/logger.ts'
import { collectProcessMetrics } from '#/telemetry/process-metrics.ts'

export interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly adminUrl: string
  readonly endpointCount: number
  readonly inFlight: number
  viewFleet(): FleetView
  /** Refuses new requests, lets those in flight finish within the drain timeout. */
  drain(): Promise<void>
}

/** What operators look at is scraped whether or not a plugin reads it. */
const DISPLAYED: readonly DataKey[] = [
  waitingQueueSize,
  runningRequestsSize,
  kvCacheUtilization,
  cacheBlockSize,
  cacheNumBlocks,
  endpointAdapters,
]

/** Throws a StartError for what the operator can mend; nothing is left running then. */
export async function startGateway(options: GatewayOptions, log: Logger): Promise<Gateway> {
  await using starting = new AsyncDisposableStack()
  const discovery = starting.use(createDiscovery(options.urls))
  const clock = systemClock
  let models: ModelCatalogue | undefined
  const modelsHttp = starting.use(new NetGet())
  const core = createRoutingCore({
    clock,
    profile: options.profile,
    maxEndpoints: options.maxEndpoints,
    maxRequests: options.maxRequests,
    prefixIndexBytes: options.prefixIndexBytes,
    seed: options.seed,
    createModels: (table) => (models = new ModelCatalogue({ endpoints: table, http: modelsHttp, clock, rng: createRng(options.seed + 2) })),
    observers: [
      createActivityObserver(
        () => scraper,
        () => models,
      ),
    ],
    failed: (requestId, cause) => log.error({ requestId: toLoggable(requestId), err: cause }, 'a request failed inside the gateway'),
  })
  const catalogue = starting.use(models!)
  const { table, columns, adapters, pool, limit, metrics, stats, index, router } = core

  const pollErrors = metrics.counter('pollErrors')
  const scrapeDuration = metrics.histogram('scrapeDuration')
  const scraper = new Scraper({
    endpoints: table,
    columns,
    adapters,
    http: starting.use(new NetGet()),
    clock,
    rng: createRng(options.seed + 1),
    consumed: new Set([...pool.graph.consumed, ...DISPLAYED]),
    observer: {
      scrapeEnded(_endpoint, outcome, durationMs) {
        scrapeDuration.observe(durationMs / 1000)
        if (outcome !== 'ok') pollErrors.inc({ source_type: 'metrics-data-source' })
      },
      valuesRejected: (endpoint, count) => log.debug({ endpoint: endpoint.address, count }, 'metrics page has values that are no numbers'),
      withoutMetrics: (endpoint) =>
        log.warn({ endpoint: endpoint.address }, 'endpoint has no metrics page: its queue and cache are not known'),
    },
  })
  starting.use(scraper)
  const upstream = starting.use(new UndiciUpstream(options.upstream))
  table.subscribe({
    removed: (endpoint) => upstream.forget(endpoint),
    restarted: (endpoint) => log.warn({ endpoint: endpoint.address }, 'engine restarted: its cached prefixes are forgotten'),
    readinessChanged(endpoint) {
      const level = endpoint.readiness === 'down' ? 'warn' : 'info'
      log[level]({ endpoint: endpoint.address, reason: endpoint.reason }, `endpoint is ${endpoint.readiness}`)
    },
  })

  starting.defer(collectProcessMetrics(metrics))
  collectFleetMetrics(metrics, { columns, table, pools: [pool], index, version: VERSION })
  const view = (): FleetView =>
    viewFleet({
      columns,
      table,
      stats,
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
      modelsOf: (slot) => catalogue.list([slot]).map(({ id }) => id),
      adaptersOf: (slot) => ({ active: adapters.activeNames(slot), waiting: adapters.waitingNames(slot), max: adapters.maxActive(slot) }),
      scrape: scraper,
      index,
    })

  await join(discovery, table)
  catalogue.start()
  scraper.start()

  const edge = starting.use(
    await listen(options.host, options.port, '--port', () =>
      HttpEdge.listen(
        {
          router,
          upstream,
          endpointOf: (ref) => table.get(ref),
          inferencePaths: API_ROUTES.map((route) => route.path),
          localRoutes: createModelRoutes(catalogue, pool),
          limits: options.limits,
          clock,
          observer: {
            ...(options.accessLog ? { onAccess: (record) => logAccess(log, record) } : {}),
            onUnreachable(ref, failure) {
              scraper.reportUnreachable(ref)
              log.debug({ endpoint: table.get(ref)?.address, err: failure.cause }, 'endpoint cannot be reached')
            },
            onEndpointFailure: (ref, failure, requestId) =>
              log.warn(
                { endpoint: table.get(ref)?.address, kind: failure.kind, requestId: toLoggable(requestId), err: failure.cause },
                'endpoint failed',
              ),
            onDefect: (cause, requestId) =>
              log.error({ requestId: toLoggable(requestId), err: cause }, 'a request failed inside the gateway'),
          },
        },
        options.host,
        options.port,
      ),
    ),
  )
  const admin = starting.use(
    await listen(options.adminHost, options.adminPort, '--admin-port', () =>
      AdminServer.listen(options.adminHost, options.adminPort, createAdminRoutes(core, view)),
    ),
  )

  const running = starting.move()
  return {
    url: toUrl(options.host, edge.address.port),
    adminUrl: toUrl(options.adminHost, admin.port),
    get endpointCount() {
      return table.size
    },
    get inFlight() {
      return limit.inFlight
    },
    viewFleet: view,
    drain() {
      limit.drain()
      return edge.drain({ deadlineMs: options.drainTimeoutMs })
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Tells the scraper where requests flow, and the model catalogue when an endpoint denies a model that it listed. */
function createActivityObserver(scraper: () => Scraper, models: () => ModelCatalogue | undefined): AttemptHooks {
  return {
    attemptSent: (attempt: Attempt) => scraper().noteActivity(attempt.slot),
    attemptEnded(attempt: Attempt) {
      scraper().noteActivity(attempt.slot)
      if (attempt.status === 404) models()?.refreshSoon(attempt.slot)
    },
  }
}

function createDiscovery(urls: readonly string[]): StaticDiscovery {
  try {
    return new StaticDiscovery(urls)
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function join(discovery: StaticDiscovery, table: EndpointTable): Promise<void> {
  try {
    await discovery.start(table)
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

async function listen<T>(host: string, port: number, flag: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    throw toStartError(error, host, port, flag)
  }
}

function toUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
