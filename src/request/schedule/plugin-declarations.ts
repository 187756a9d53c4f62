/** The plugin instances that a configuration asks for, by name and checked one by one, before any of them is created. */
import type { ConfigProblem } from '#/config/config-error.ts'
import type { PluginConfig } from '#/config/endpoint-picker-config.ts'
import { nearestNames } from '#/lib/nearest-name.ts'
import type { PluginRegistry } from '#/request/schedule/plugin-registry.ts'
import type { PluginDefinition, PluginStage } from '#/sdk/plugin.ts'

export interface PluginDeclaration {
  readonly name: string
  readonly definition: PluginDefinition
  readonly parameters: unknown
  /** Where it stands in the configuration. */
  readonly path: string
}

export class PluginDeclarations {
  readonly #registry: PluginRegistry
  readonly #problems: ConfigProblem[]
  readonly #all: PluginDeclaration[] = []

  /** What is wrong is added to `problems`. */
  constructor(registry: PluginRegistry, problems: ConfigProblem[]) {
    this.#registry = registry
    this.#problems = problems
  }

  /** In the order of their declaration. Grows while defaults are added. */
  get all(): readonly PluginDeclaration[] {
    return this.#all
  }

  ofStage(stage: PluginStage): PluginDeclaration[] {
    return this.#all.filter(({ definition }) => definition.stage === stage)
  }

  /** Undefined, and a problem, if there is no such plugin type or the name is taken. */
  declare({ type, name = type, parameters }: PluginConfig, path: string): PluginDeclaration | undefined {
    if (type === '') return this.#refuse(`${path}.type`, 'is required')
    const definition = this.#registry.get(type)
    if (definition === undefined) {
      const nearest = this.#registry.nearestType(type)
      return this.#refuse(
        `${path}.type`,
        `there is no plugin type "${type}"${nearest === undefined ? '' : `; the nearest is "${nearest}"`}`,
      )
    }
    if (name === '') return this.#refuse(`${path}.name`, 'must not be empty')
    const namesake = this.#all.find((other) => other.name === name)
    if (namesake !== undefined) return this.#refuse(`${path}.name`, `"${name}" is already the name of ${namesake.path}`)
    const { error } = definition.params.safeParse(parameters ?? {})
    for (const issue of error?.issues ?? []) {
      this.#problems.push({ path: `${path}.parameters${toPath(issue.path)}`, message: issue.message })
    }
    const declaration = { name, definition, parameters, path }
    this.#all.push(declaration)
    return declaration
  }

  /** A plugin that the configuration leaves out and does not work without; named after its type. */
  declareDefault(type: string): PluginDeclaration | undefined {
    return this.declare({ type }, `default plugin ${type}`)
  }

  /** Undefined, and a problem, if there is none. */
  resolve(name: string, path: string): PluginDeclaration | undefined {
    const declaration = this.#all.find((other) => other.name === name)
    if (declaration !== undefined) return declaration
    const names = this.#all.map((other) => other.name)
    const [nearest] = nearestNames(name, names, 1)
    return this.#refuse(path, `no plugin is named "${name}"${nearest === undefined ? '' : `; the nearest is "${nearest}"`}`)
  }

  #refuse(path: string, message: string): undefined {
    this.#problems.push({ path, message })
  }
}

function toPath(keys: readonly PropertyKey[]): string {
  return keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
}
