/**
 * Everything between an edge and the endpoints that does no I/O and starts no timer: fleet state, prefix index, plugins, request path. The
 * gateway runs it on the machine's clock, a replay on a virtual one.
 */
import { BUILT_IN_PROFILES } from '#/config/built-in-profiles.ts'
import type { BuiltInProfile } from '#/config/built-in-profiles.ts'
import { InferenceError } from '#/errors.ts'
import { ApproximatePrefixIndex } from '#/fleet/prefix/approximate-prefix-index.ts'
import { AdapterTable } from '#/fleet/state/adapter-table.ts'
import { ColumnStore } from '#/fleet/state/column-store.ts'
import { EndpointTable } from '#/fleet/state/endpoint-table.ts'
import { LabelTable } from '#/fleet/state/label-table.ts'
import type { Clock } from '#/lib/clock.ts'
import { JsonScanner } from '#/lib/json-scan/json-scanner.ts'
import { createRng } from '#/lib/rng.ts'
import { BlockHasher } from '#/lib/xxh64/block-hasher.ts'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { RequestLimit } from '#/request/admit/request-limit.ts'
import type { Exchange } from '#/request/exchange.ts'
import { findApiRoute } from '#/request/parse/api-routes.ts'
import { parseRequest } from '#/request/parse/parse-request.ts'
import { PromptRequest } from '#/request/parse/prompt-request.ts'
import type { Pool } from '#/request/pool.ts'
import { RequestRouter } from '#/request/request-router.ts'
import type { ModelDirectory } from '#/request/resolve/find-pool.ts'
import { buildSchedulingGraph } from '#/request/schedule/build-scheduling-graph.ts'
import { createPluginRegistry } from '#/request/schedule/plugin-registry.ts'
import { createScheduler } from '#/request/schedule/scheduler.ts'
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { ResourceKey } from '#/sdk/data-key.ts'
import { endpointAdapters, endpointLabels, prefixIndex } from '#/sdk/keys.ts'
import { keepMembers } from '#/app/pool-membership.ts'
import { EndpointStats } from '#/telemetry/endpoint-stats.ts'
import { RequestLabels } from '#/telemetry/label-values.ts'
import { Metrics } from '#/telemetry/metrics.ts'
import { RequestMetrics } from '#/telemetry/request-metrics.ts'

export interface RoutingCoreOptions {
  readonly clock: Clock
  readonly profile: BuiltInProfile
  readonly maxEndpoints: number
  readonly maxRequests: number
  readonly prefixIndexBytes: number
  readonly seed: number
  /** Made from the core's endpoint table, which does not exist before. */
  readonly createModels: (table: EndpointTable) => ModelDirectory
  /** See every attempt after the plugins did. */
  readonly observers: readonly AttemptHooks[]
  /** A defect of ours or of a plugin. */
  readonly failed: (requestId: string, cause: unknown) => void
}

export interface RoutingCore {
  readonly columns: ColumnStore
  readonly table: EndpointTable
  readonly adapters: AdapterTable
  readonly index: ApproximatePrefixIndex
  readonly pool: Pool
  readonly limit: RequestLimit
  readonly metrics: Metrics
  readonly requestMetrics: RequestMetrics
  readonly stats: EndpointStats
  readonly router: RequestRouter
}

const POOL_NAME = 'default/default'

export function createRoutingCore(options: RoutingCoreOptions): RoutingCore {
  const { clock, maxEndpoints } = options
  const columns = new ColumnStore(maxEndpoints)
  const table = new EndpointTable(columns)
  const adapters = new AdapterTable(table)
  const index = new ApproximatePrefixIndex({ budgetBytes: options.prefixIndexBytes })
  const models = options.createModels(table)
  const graph = buildSchedulingGraph(BUILT_IN_PROFILES[options.profile], {
    registry: createPluginRegistry(BUILT_IN_PLUGINS),
    columns,
    resources: new Map<ResourceKey<unknown>, unknown>([
      [endpointAdapters, adapters],
      [endpointLabels, new LabelTable(table)],
      [prefixIndex, index],
    ]),
    rng: createRng(options.seed),
    maxEndpoints,
  })
  const pool: Pool = { name: POOL_NAME, slots: new Uint16Array(0), graph }
  keepMembers(pool, table, () => true)

  const stats = new EndpointStats(maxEndpoints)
  table.subscribe({
    removed: ({ slot }) => resetAll(pool, slot),
    restarted: ({ slot }) => resetAll(pool, slot),
    added: ({ slot }) => stats.reset(slot),
  })

  const metrics = new Metrics()
  const labels = new RequestLabels((model) => models.idOf(model) >= 0)
  const requestMetrics = new RequestMetrics(metrics, labels)
  const misbehaved = metrics.counter('pluginMisbehaved')
  const schedulerDuration = metrics.histogram('schedulerDuration')
  const schedulerAttempts = metrics.counter('schedulerAttempts')
  const limit = new RequestLimit(options.maxRequests)
  const router = new RequestRouter({
    clock,
    table,
    models,
    pools: [pool],
    scheduler: createScheduler(maxEndpoints, (plugin, endpoints) => misbehaved.inc({ plugin_name: plugin }, endpoints)),
    limit,
    metrics: requestMetrics,
    observers: [stats, requestMetrics, ...options.observers],
    parse: createParser(),
    scheduled(request, durationMs, slot) {
      schedulerDuration.observe(durationMs / 1000)
      const endpoint = slot < 0 ? undefined : table.at(slot)
      schedulerAttempts.inc({
        status: endpoint === undefined ? 'failure' : 'success',
        target_model_name: labels.ofModel(request.targetModel),
        endpoint_name: endpoint?.name ?? '',
        namespace: endpoint?.namespace ?? '',
        port: endpoint === undefined ? '' : String(endpoint.port),
      })
    },
    failed: options.failed,
  })
  return { columns, table, adapters, index, pool, limit, metrics, requestMetrics, stats, router }
}

/** Step 1 with the scratch memory that all requests share. */
function createParser(): (exchange: Exchange) => PromptRequest {
  const scanner = new JsonScanner()
  const hasher = new BlockHasher()
  return (exchange) => {
    const route = findApiRoute(exchange.path)
    if (route === undefined) throw new InferenceError('path_not_found', `${exchange.path} is no inference API.`)
    return new PromptRequest(exchange, parseRequest(exchange, route, scanner), hasher)
  }
}

/** What plugins learned about the endpoint no longer holds. */
function resetAll(pool: Pool, slot: number): void {
  for (const hook of pool.graph.hooks) hook.endpointReset?.(slot)
}
