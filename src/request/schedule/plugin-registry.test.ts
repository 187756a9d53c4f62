import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { createPluginRegistry } from '#/request/schedule/plugin-registry.ts'
import { defineFilter } from '#/sdk/filter.ts'
import type { FilterDefinition } from '#/sdk/filter.ts'

test('finds a definition by its type', () => {
  const pass = filterOf('pass-filter')
  const registry = createPluginRegistry([pass, filterOf('other-filter')])
  assert.equal(registry.get('pass-filter'), pass)
  assert.equal(registry.get('toString'), undefined)
})

test('names the nearest type', () => {
  assert.equal(createPluginRegistry([filterOf('pass-filter'), filterOf('other-filter')]).nearestType('passfilter'), 'pass-filter')
  assert.equal(createPluginRegistry([]).nearestType('pass-filter'), undefined)
})

test('refuses two definitions of one type', () => {
  assert.throws(() => createPluginRegistry([filterOf('pass-filter'), filterOf('pass-filter')]), /"pass-filter"/)
})

function filterOf(type: string): FilterDefinition {
  return defineFilter({ type, stability: 'beta', summary: '', params: z.strictObject({}), create: () => ({ keep() {} }) })
}
