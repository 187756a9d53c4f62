/** Which declared plugins a scheduling profile consists of, with the defaults of the EndpointPickerConfig API. */
import type { ConfigProblem } from '#/config/config-error.ts'
import type { EndpointPickerConfig, SchedulingProfileConfig } from '#/config/endpoint-picker-config.ts'
import type { PluginDeclaration, PluginDeclarations } from '#/request/schedule/plugin-declarations.ts'

export interface ProfilePlan {
  readonly name: string
  readonly filters: readonly PluginDeclaration[]
  readonly scorers: readonly { readonly declaration: PluginDeclaration; readonly weight: number }[]
  /** Undefined only where a problem was found. */
  readonly picker: PluginDeclaration | undefined
}

const DEFAULT_PROFILE = 'default'
const DEFAULT_PICKER = 'max-score-picker'
const DEFAULT_WEIGHT = 1

/** A configuration without profiles has one that holds every declared filter, scorer and picker. Adds the default picker where one is missing. */
export function resolveProfiles(config: EndpointPickerConfig, plugins: PluginDeclarations, problems: ConfigProblem[]): ProfilePlan[] {
  const configs = config.schedulingProfiles.length > 0 ? config.schedulingProfiles : [everythingIn(plugins)]
  const names = new Set<string>()
  return configs.map((profile, i) => {
    const path = `schedulingProfiles[${i}]`
    if (profile.name === '') problems.push({ path: `${path}.name`, message: 'is required' })
    else if (names.has(profile.name)) problems.push({ path: `${path}.name`, message: `two profiles are named "${profile.name}"` })
    names.add(profile.name)
    return resolveProfile(profile, path, plugins, problems)
  })
}

function everythingIn(plugins: PluginDeclarations): SchedulingProfileConfig {
  const members = (['filter', 'scorer', 'picker'] as const).flatMap((stage) => plugins.ofStage(stage))
  return { name: DEFAULT_PROFILE, plugins: members.map(({ name }) => ({ pluginRef: name })) }
}

function resolveProfile(
  profile: SchedulingProfileConfig,
  path: string,
  plugins: PluginDeclarations,
  problems: ConfigProblem[],
): ProfilePlan {
  const filters: PluginDeclaration[] = []
  const scorers: { declaration: PluginDeclaration; weight: number }[] = []
  let picker: PluginDeclaration | undefined
  for (const [i, { pluginRef, weight = DEFAULT_WEIGHT }] of profile.plugins.entries()) {
    const refPath = `${path}.plugins[${i}]`
    const declaration = plugins.resolve(pluginRef, `${refPath}.pluginRef`)
    if (declaration === undefined) continue
    switch (declaration.definition.stage) {
      case 'filter':
        filters.push(declaration)
        break
      case 'scorer':
        if (!Number.isFinite(weight) || weight < 0) problems.push({ path: `${refPath}.weight`, message: 'must be a number of at least 0' })
        scorers.push({ declaration, weight })
        break
      case 'picker':
        if (picker !== undefined) {
          problems.push({
            path: `${refPath}.pluginRef`,
            message: `the profile has a picker already, "${picker.name}", and can have only one`,
          })
        }
        picker = declaration
        break
      default: {
        const message = `"${pluginRef}" is a ${declaration.definition.stage}; a profile holds filters, scorers and a picker`
        problems.push({ path: `${refPath}.pluginRef`, message })
      }
    }
  }
  picker ??= plugins.ofStage('picker')[0] ?? plugins.declareDefault(DEFAULT_PICKER)
  return { name: profile.name, filters, scorers, picker }
}
