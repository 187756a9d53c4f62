/** The package as a stranger gets it: packed, installed into an empty folder, run from there, and extended by a plugin in TypeScript. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { GatewayProcess } from '../suite-support/gateway-process.ts'
import { runCommand } from '../suite-support/running-command.ts'
import type { CommandEnd } from '../suite-support/running-command.ts'
import { skipLoudly } from '../suite-support/skip-loudly.ts'
import { findOldNode } from './find-old-node.ts'

/** Of this clone; nothing in the user's folder may depend on it. */
const TOOLS = resolve('node_modules/.bin')
/** The folders of the machine, and the Node that runs this. */
const PATH = [
  dirname(process.execPath),
  ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.endsWith('node_modules/.bin')),
]
const ENV = { ...process.env, PATH: PATH.join(delimiter) }

const NPM_TIMEOUT_MS = 90_000

const registry = await runCommand('npm', ['view', 'zod', 'version'])
const lack = registry.code === 0 ? undefined : `the npm registry cannot be asked: ${registry.stderr.trim()}`

describe('the published package', { skip: skipLoudly('the published package', lack) }, () => {
  let folder = ''
  let app = ''
  let installed = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-package-'))
    app = join(folder, 'app')
    installed = join(app, 'node_modules/headgate')
    await mkdir(app)
    await writeFile(join(app, 'package.json'), '{"name":"app","private":true,"type":"module"}\n')
    await succeeds(runCommand('npm', ['pack', '--pack-destination', folder], { timeoutMs: NPM_TIMEOUT_MS }))
    const [tarball = ''] = globSync(join(folder, 'headgate-*.tgz'))
    // The optional packages are Node itself, which is here already.
    const install = ['install', '--omit=optional', '--no-audit', '--no-fund', '--prefer-offline', tarball]
    await succeeds(runCommand('npm', install, { cwd: app, env: ENV, timeoutMs: NPM_TIMEOUT_MS }))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  function run(command: string, ...args: string[]): Promise<CommandEnd> {
    return runCommand(command, args, { cwd: app, env: ENV })
  }

  it('holds what runs, its types, the licence and the readme, and no test', () => {
    const files = globSync('**/*', { cwd: installed, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name).slice(installed.length + 1)] : [],
    )
    const needed = ['bin/headgate.js', 'dist/main.js', 'dist/sdk/index.js', 'dist/sdk/index.d.ts', 'package.json', 'README.md', 'LICENSE']
    assert.deepEqual(
      needed.filter((file) => !files.includes(file)),
      [],
    )
    const known = /^(?:bin\/headgate\.js|dist\/.*\.js|dist\/.*\.d\.ts|package\.json|README\.md|LICENSE)$/
    const forTests = /\.test\.|\.contract|\.arbitrary\.|\/testing\/|\/test-/
    assert.deepEqual(
      files.filter((file) => !known.test(file) || forTests.test(file)),
      [],
    )
  })

  it('imports nothing but what it depends on', async () => {
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
    const allowed = new Set(Object.keys(manifest.dependencies))
    const imported = globSync('dist/**/*.js', { cwd: installed }).flatMap((file) => importsOf(join(installed, file)))
    assert.ok(imported.includes('undici'), 'the pattern finds the imports')
    assert.deepEqual(
      imported.filter((name) => !isBuiltin(name) && !allowed.has(name)),
      [],
    )
  })

  it('runs as npx headgate', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    const end = await run('npx', '--no-install', 'headgate', '--version')
    assert.deepEqual([end.code, end.stdout, end.stderr], [0, `${version}\n`, ''])
  })

  it('explains itself', async () => {
    const { code, stdout } = await run('npx', '--no-install', 'headgate', 'up', '--help')
    assert.equal(code, 0)
    assert.match(stdout, /^Usage: headgate up/)
    assert.match(stdout, /--max-requests/)
  })

  it('starts the demo, which completes a chat and stops when told to', async () => {
    const launcher = { command: join(app, 'node_modules/.bin/headgate'), args: [], cwd: app, env: ENV }
    await using gateway = await GatewayProcess.start([], launcher)
    await gateway.untilReady()
    const body = JSON.stringify({ model: 'demo-model', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 10 })
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const completion: { choices: { message: { content: string } }[] } = JSON.parse(await response.text())
    assert.ok(completion.choices[0]!.message.content.length > 0)
    assert.equal((await gateway.stop()).code, 0)
  })

  it('tells an old Node, in one sentence, that it is too old', async () => {
    const { command, args, version } = await findOldNode(PATH, folder)
    const end = await run(command, ...args, join(installed, 'bin/headgate.js'), 'up')
    assert.deepEqual(end, { code: 1, stdout: '', stderr: `headgate needs Node 24.14 or newer, and this is Node ${version}.\n` })
  })

  it("has types for a user's plugin, which runs as it is", async () => {
    await writeFile(join(app, 'even-scorer.ts'), PLUGIN)
    await writeFile(join(app, 'use.ts'), PLUGIN_USE)
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify(PLUGIN_TSCONFIG))
    await succeeds(run(process.execPath, join(TOOLS, 'tsc'), '--noEmit'))
    const end = await run(process.execPath, 'use.ts')
    assert.deepEqual([end.code, end.stdout, end.stderr], [0, '["scorer","even-scorer",1,0.25]\n', ''])
  })
})

const PLUGIN_TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    types: [],
  },
  include: ['even-scorer.ts'],
}

const PLUGIN = `import { defineScorer, waitingQueueSize } from 'headgate/plugin'
import type { ScorerDefinition } from 'headgate/plugin'
import { z } from 'zod'

export const evenScorer: ScorerDefinition = defineScorer({
  type: 'even-scorer',
  intent: 'distribution',
  stability: 'alpha',
  summary: 'Prefers endpoints with an even number of waiting requests.',
  params: z.strictObject({ odd: z.number().min(0).max(1).default(0.25) }),
  consumes: { required: [waitingQueueSize] },
  create({ odd }, context) {
    const { values } = context.column(waitingQueueSize)
    return { scoreEndpoint: (_request, slot) => (values[slot]! % 2 === 0 ? 1 : odd) }
  },
})

// Types that had become any would take this.
// @ts-expect-error
export const wrong: ScorerDefinition = defineScorer({ ...evenScorer, intent: 'none' })
`

const PLUGIN_USE = `import { waitingQueueSize } from 'headgate/plugin'
import { evenScorer } from './even-scorer.ts'

const column = { key: waitingQueueSize, values: Float64Array.of(2, 3), updatedAtMs: Float64Array.of(0, 0) }
const scorer = evenScorer.create({}, { name: 'mine', maxEndpoints: 2, profiles: [], column: () => column })
const out = new Float64Array(2)
scorer.score(undefined, { slots: Uint16Array.of(0, 1), count: 2 }, out)
console.log(JSON.stringify([evenScorer.stage, evenScorer.type, ...out]))
`

async function succeeds(running: Promise<CommandEnd>): Promise<void> {
  const { code, stdout, stderr } = await running
  assert.equal(code, 0, stdout + stderr)
}

const IMPORT = /^(?:import|export) (?:[\w$*{},\s]+ from )?['"]([^#.'"][^'"]*)['"]|\bimport\(['"]([^#.'"][^'"]*)['"]\)/gm

/** Names of the packages, not of files of its own, that a module imports. */
function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, statement, call]) => {
    const specifier = statement ?? call!
    return isBuiltin(specifier) ? specifier : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]
  })
}
