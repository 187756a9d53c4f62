/**
 * What: runs the one scheduling profile and forwards to its pick.
 *
 * Intent: the handler of every configuration that does not split a request over several endpoints.
 *
 * Inputs: none.
 *
 * Configuration: none. Refused where several profiles are configured, because it would leave all but one unused.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: single-profile-handler
 * ```
 */
import { z } from 'zod'
import { defineProfileHandler } from '#/sdk/profile-handler.ts'
import type { ProfileHandlerDefinition } from '#/sdk/profile-handler.ts'

export const singleProfileHandler: ProfileHandlerDefinition = defineProfileHandler({
  type: 'single-profile-handler',
  stability: 'beta',
  summary: 'Runs the one scheduling profile and forwards to its pick.',
  params: z.strictObject({}),
  create(_params, { profiles }) {
    if (profiles.length !== 1) throw new Error(`runs exactly one profile, and there are ${profiles.length}: ${profiles.join(', ')}`)
    return {
      next: (_request, results) => (results.length === 0 ? profiles[0] : undefined),
      finish: (_request, results) => ({ main: results[0]!, legs: [] }),
    }
  },
})
