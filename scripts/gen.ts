/** Writes everything that is generated: `npm run gen`. With `--check` it only says what is stale, and fails. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { renderCliReference } from './gen/cli-reference.ts'
import { renderErrorReference } from './gen/error-reference.ts'
import { renderMetricReference } from './gen/metric-reference.ts'
import { renderPluginReference } from './gen/plugin-reference.ts'
import { renderWasmModules } from './gen/wasm-modules.ts'

const isCheck = process.argv.includes('--check')

const files: Readonly<Record<string, string>> = {
  'docs/reference/cli.md': renderCliReference(),
  'docs/reference/errors.md': renderErrorReference(),
  'docs/reference/metrics.md': renderMetricReference(),
  'docs/reference/plugins.md': renderPluginReference(),
  ...(await renderWasmModules()),
}

const stale = Object.entries(files).filter(([path, content]) => read(path) !== content)
if (!isCheck) {
  for (const [path, content] of stale) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    console.log(`wrote ${path}`)
  }
} else if (stale.length > 0) {
  console.error(`stale: ${stale.map(([path]) => path).join(', ')}. Run npm run gen and commit what it writes.`)
  process.exitCode = 1
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
