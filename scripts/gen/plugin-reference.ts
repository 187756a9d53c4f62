/** `docs/reference/plugins.md`: the plugin table with parameters, and what each plugin's doc comment says. */
import { globSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

const STAGES = ['filter', 'scorer', 'picker', 'profile-handler', 'producer'] as const

export function renderPluginReference(): string {
  const comments = readComments()
  const sections = STAGES.map((stage) => {
    const plugins = BUILT_IN_PLUGINS.filter((plugin) => plugin.stage === stage)
    return `## Stage: ${stage}\n\n${plugins.map((plugin) => renderPlugin(plugin, comments.get(plugin.type) ?? '')).join('\n')}`
  })
  return `# Plugins\n\nEvery built-in, by the step it serves. Names, parameters and formulas are the reference endpoint picker's.\n\n${sections.join('\n')}`
}

function renderPlugin(plugin: PluginDefinition, comment: string): string {
  const keys = (label: string, list: readonly { name: string }[]): string =>
    list.length === 0 ? '' : `${label}: ${list.map((key) => `\`${key.name}\``).join(', ')}. `
  const reads = keys('Needs', plugin.requires) + keys('Uses if there', plugin.uses) + keys('Provides', plugin.produces)
  return `### ${plugin.type} (${plugin.stability})\n\n${plugin.summary}\n\n${comment}${renderParameters(plugin)}${reads.trim()}\n`
}

function renderParameters(plugin: PluginDefinition): string {
  const schema = z.toJSONSchema(plugin.params, { io: 'input', unrepresentable: 'any' })
  const properties = Object.entries(schema.properties ?? {})
  if (properties.length === 0) return ''
  const rows = properties.map(([name, property]) => {
    if (typeof property === 'boolean') return `| \`${name}\` | | |`
    const fallback = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``
    return `| \`${name}\` | ${[property.type ?? ''].flat().join(' or ')} | ${fallback} |`
  })
  return `| parameter | type | default |\n|---|---|---|\n${rows.join('\n')}\n\n`
}

/** Header comments by plugin type, which is the file's name. */
function readComments(): ReadonlyMap<string, string> {
  const comments = new Map<string, string>()
  for (const file of globSync('src/plugins/*/*.ts')) {
    if (file.endsWith('.test.ts')) continue
    const body = /^\s*\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
    const lines = body.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    comments.set(file.slice(file.lastIndexOf('/') + 1, -'.ts'.length), `${lines.join('\n').trim()}\n\n`)
  }
  return comments
}
