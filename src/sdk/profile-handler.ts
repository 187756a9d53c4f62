/** Profile handlers decide which scheduling profiles run for a request, and which result is the one to forward to. */
import type { AttemptHooks } from '#/sdk/attempt.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'
import { toDefinition } from '#/sdk/plugin.ts'
import type { PluginContext, PluginDefinition, PluginSpec } from '#/sdk/plugin.ts'

/** What one profile run came to. `count` 0: its filters left nobody. */
export interface ProfileResult {
  readonly profile: string
  /** `ranked[0..count)`: slots, best first. Scratch memory of the scheduling step. */
  readonly ranked: Uint16Array
  readonly count: number
}

/** The main result and those beside it (prefill, encode), which the ticket counts and releases at their own moment. */
export interface Picked {
  readonly main: ProfileResult
  readonly legs: readonly { readonly result: ProfileResult; readonly release: 'first-byte' | 'end' }[]
}

export interface ProfileHandler extends AttemptHooks {
  /** Name of the next profile to run, or undefined when there is enough. Each profile starts from the full candidate set. */
  next(request: InferenceRequest, results: readonly ProfileResult[]): string | undefined
  /** Called once `next` has said undefined. */
  finish(request: InferenceRequest, results: readonly ProfileResult[]): Picked
}

export interface ProfileHandlerSpec<Params> extends PluginSpec<Params> {
  create(params: Params, context: PluginContext): ProfileHandler
}

export interface ProfileHandlerDefinition extends PluginDefinition<ProfileHandler> {
  readonly stage: 'profile-handler'
}

export function defineProfileHandler<Params>(spec: ProfileHandlerSpec<Params>): ProfileHandlerDefinition {
  return { ...toDefinition('profile-handler', spec, (params, context) => spec.create(params, context)), stage: 'profile-handler' }
}
