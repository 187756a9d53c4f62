import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BUILT_IN_PLUGINS } from '#/plugins/index.ts'
import { fakeRequest } from '#/plugins/testing/fake-request.ts'
import { createPluginHarness } from '#/plugins/testing/plugin-harness.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'
import type { ProfileHandlerDefinition, ProfileResult } from '#/sdk/profile-handler.ts'

/** The profiles that a handler is made for. */
const PROFILES: Readonly<Record<string, readonly string[]>> = { 'single-profile-handler': ['default'] }

for (const definition of BUILT_IN_PLUGINS.filter(isProfileHandler)) {
  const profiles = PROFILES[definition.type]!
  describe(`${definition.type} keeps the contract of profile handlers`, () => {
    for (const count of [0, 1, 2]) {
      test(`runs profiles that exist, each once, and finishes with their results when they name ${count}`, () => {
        const handler = createPluginHarness({ profiles }).create(definition)
        const request = fakeRequest()
        const results: ProfileResult[] = []
        for (let name = handler.next(request, results); name !== undefined; name = handler.next(request, results)) {
          assert.ok(profiles.includes(name))
          assert.ok(!results.some((result) => result.profile === name), `${name} runs twice`)
          results.push({ profile: name, ranked: Uint16Array.of(4, 5), count })
        }
        const { main, legs } = handler.finish(request, results)
        assert.ok(results.includes(main))
        for (const { result } of legs) assert.ok(results.includes(result) && result !== main)
      })
    }
  })
}

function isProfileHandler(definition: PluginDefinition): definition is ProfileHandlerDefinition {
  return definition.stage === 'profile-handler'
}
