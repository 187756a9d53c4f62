/** One model server from its start to its end, without the wire: engine, models and counters. A restart makes a new one. */
import type { Clock } from '#/lib/clock.ts'
import { Engine } from '#/sim/engine/engine.ts'
import type { EngineConfig } from '#/sim/engine/engine-config.ts'
import { ModelCatalog } from '#/sim/http/model-catalog.ts'
import { ServingStats } from '#/sim/http/serving-stats.ts'
import { AdapterSeries } from '#/sim/http/adapter-series.ts'

export interface ReplicaOptions {
  readonly engine: EngineConfig
  /** At least one. */
  readonly models: readonly string[]
  /** Adapters loaded from the start. */
  readonly adapters: readonly string[]
  /** Replicas with the same seed give the same answers. */
  readonly seed: number
  readonly clock: Clock
}

export class Replica {
  readonly engine: Engine
  readonly models: ModelCatalog
  readonly stats: ServingStats
  readonly adapterSeries: AdapterSeries = new AdapterSeries()
  readonly seed: number
  readonly clock: Clock
  readonly startedAtWallMs: number

  constructor(options: ReplicaOptions) {
    this.engine = new Engine(options.engine, options.clock)
    this.models = new ModelCatalog(options.models, options.adapters)
    this.stats = new ServingStats(options.engine.maxModelLen)
    this.seed = options.seed
    this.clock = options.clock
    this.startedAtWallMs = options.clock.wallMs()
  }
}
