/** The instances of a graph, created from their declarations, and each known by its stage's type. */
import { ConfigError } from '#/config/config-error.ts'
import type { ConfigProblem } from '#/config/config-error.ts'
import { createPluginContext } from '#/request/schedule/plugin-context.ts'
import type { PluginSurroundings } from '#/request/schedule/plugin-context.ts'
import type { PluginDeclaration } from '#/request/schedule/plugin-declarations.ts'
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { Filter } from '#/sdk/filter.ts'
import type { Picker } from '#/sdk/picker.ts'
import type { PluginStage } from '#/sdk/plugin.ts'
import type { Producer } from '#/sdk/producer.ts'
import type { ProfileHandler } from '#/sdk/profile-handler.ts'
import type { Scorer } from '#/sdk/scorer.ts'

interface InstanceOf {
  producer: Producer
  filter: Filter
  scorer: Scorer
  picker: Picker
  'profile-handler': ProfileHandler
}

const HOOKS: readonly (keyof AttemptHooks)[] = ['attemptSent', 'attemptFirstByte', 'attemptChunk', 'attemptEnded', 'endpointReset']

export class PluginInstances {
  readonly #instances = new Map<PluginDeclaration, unknown>()

  /** Creates in the given order, so that a plugin finds what its producers set up. Throws a ConfigError with everything that failed. */
  constructor(ordered: readonly PluginDeclaration[], surroundings: PluginSurroundings) {
    const problems: ConfigProblem[] = []
    for (const declaration of ordered) {
      const { definition, parameters, path } = declaration
      try {
        this.#instances.set(declaration, definition.create(parameters, createPluginContext(declaration, surroundings)))
      } catch (error) {
        problems.push({ path, message: error instanceof Error ? error.message : String(error) })
      }
    }
    if (problems.length > 0) throw new ConfigError(problems)
  }

  get<Stage extends PluginStage>(stage: Stage, declaration: PluginDeclaration): InstanceOf[Stage] {
    const instance = this.#instances.get(declaration)
    if (!isOfStage(stage, declaration, instance)) throw new Error(`the plugin "${declaration.name}" is no ${stage}`)
    return instance
  }

  /** Those with at least one attempt hook. */
  withHooks(): AttemptHooks[] {
    return [...this.#instances.values()].filter(hasHooks)
  }
}

/** A definition's `define*` function ties its stage to its instance's type. */
function isOfStage<Stage extends PluginStage>(
  stage: Stage,
  { definition }: PluginDeclaration,
  _instance: unknown,
): _instance is InstanceOf[Stage] {
  return definition.stage === stage
}

function hasHooks(instance: unknown): instance is AttemptHooks {
  return typeof instance === 'object' && instance !== null && HOOKS.some((hook) => hook in instance)
}
