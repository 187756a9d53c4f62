/** What `headgate up` without model servers starts: four simulated ones, two of them with LoRA adapters. */
import { startSimulators } from '#/sim/replica-fleet.ts'

export interface Demo extends AsyncDisposable {
  readonly urls: readonly string[]
  readonly models: readonly string[]
  readonly adapters: readonly string[]
}

const REPLICAS = 4
const REPLICAS_WITH_ADAPTERS = 2
const MODEL = 'demo-model'
const ADAPTERS = ['sql-adapter', 'chat-adapter']

export async function startDemo(seed: number): Promise<Demo> {
  const simulators = await startSimulators({
    replicas: REPLICAS,
    port: 0,
    models: [MODEL],
    adapters: ADAPTERS,
    adapterReplicas: REPLICAS_WITH_ADAPTERS,
    seed,
  })
  return {
    urls: simulators.urls,
    models: [MODEL],
    adapters: ADAPTERS,
    [Symbol.asyncDispose]: () => simulators[Symbol.asyncDispose](),
  }
}
