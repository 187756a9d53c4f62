/** The layers and the arrows between them, as a table: an import that the table does not allow fails here, with the line to blame. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

/** Folder under `src/` -> folders that it may import, besides itself. `errors` and `main` are the files of that name. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  main: ['commands'],
  commands: ['app', 'sim', 'loadgen', 'replay', 'config', 'lib'],
  app: ['edge', 'admin', 'request', 'fleet', 'plugins', 'sdk', 'config', 'telemetry', 'sim', 'lib', 'errors'],
  admin: ['request', 'fleet', 'sdk', 'telemetry', 'lib', 'errors'],
  edge: ['request', 'fleet', 'sdk', 'telemetry', 'lib', 'errors'],
  request: ['fleet', 'sdk', 'config', 'telemetry', 'lib', 'errors'],
  fleet: ['sdk', 'config', 'telemetry', 'lib', 'errors'],
  plugins: ['sdk', 'lib'],
  sdk: ['lib', 'errors'],
  telemetry: ['sdk', 'lib', 'errors'],
  config: ['lib', 'errors'],
  replay: ['app', 'request', 'fleet', 'sdk', 'config', 'plugins', 'telemetry', 'sim', 'loadgen', 'lib', 'errors'],
  loadgen: ['lib'],
  sim: ['lib'],
  lib: [],
  errors: [],
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly where: string
}

const IMPORT = /^\s*(?:import|export)\b[^'"]*?from\s+['"]#\/([^'"]+)['"]|^import\s+['"]#\/([^'"]+)['"]|\bimport\(\s*['"]#\/([^'"]+)['"]/gm

function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '')
}

function readEdges(): Edge[] {
  const edges: Edge[] = []
  for (const file of globSync('src/**/*.ts')) {
    if (file.endsWith('.test.ts')) continue
    const text = readFileSync(file, 'utf8')
    for (const match of text.matchAll(IMPORT)) {
      const target = match[1] ?? match[2] ?? match[3] ?? ''
      const line = text.slice(0, match.index).split('\n').length
      edges.push({ from: layerOf(file.slice('src/'.length)), to: layerOf(target), where: `${file}:${line} imports ${target}` })
    }
  }
  return edges
}

test('every import follows an arrow of the architecture', () => {
  const edges = readEdges()
  assert.ok(edges.length > 100, 'the pattern finds the imports')
  const wrong = edges.filter(({ from, to }) => from !== to && !(ALLOWED[from] ?? []).includes(to))
  assert.deepEqual(
    wrong.map((edge) => edge.where),
    [],
  )
})

test('nothing but the plugin table and its own folder names a single plugin', () => {
  const wrong = readEdges().filter(({ from, to, where }) => to === 'plugins' && from !== 'plugins' && !where.endsWith('plugins/index.ts'))
  assert.deepEqual(
    wrong.map((edge) => edge.where),
    [],
  )
})

test('relative imports do not go round the check', () => {
  const offenders = globSync('src/**/*.ts').filter((file) => /from\s+['"]\.\.?\//.test(readFileSync(file, 'utf8')))
  assert.deepEqual(offenders, [])
})

test('a source file stays readable: under 400 lines, one named thing, a header comment', () => {
  const offenders: string[] = []
  for (const file of globSync('src/**/*.ts')) {
    if (file.endsWith('.test.ts') || file.endsWith('.gen.ts')) continue
    const text = readFileSync(file, 'utf8')
    const lines = text.split('\n').length
    if (lines > 400) offenders.push(`${file} has ${lines} lines`)
    if (!/^(#!.*\n)?\s*\/\*\*/.test(text)) offenders.push(`${file} has no header comment`)
  }
  assert.deepEqual(offenders, [])
})
