/** Scheduling configurations that come with Headgate, by name: the reference's default, and the two that everything is compared with. */
import { DEFAULT_ENDPOINT_PICKER_CONFIG } from '#/config/endpoint-picker-config.ts'
import type { EndpointPickerConfig } from '#/config/endpoint-picker-config.ts'

export const BUILT_IN_PROFILES: Readonly<Record<'default' | 'random' | 'round-robin', EndpointPickerConfig>> = {
  default: DEFAULT_ENDPOINT_PICKER_CONFIG,
  random: withOnly('random-picker'),
  'round-robin': withOnly('round-robin-picker'),
}

export type BuiltInProfile = keyof typeof BUILT_IN_PROFILES

/** No scorer: the picker alone decides. The prefix index still learns, so that what was believed can be compared. */
function withOnly(picker: string): EndpointPickerConfig {
  return {
    plugins: [{ type: 'approx-prefix-cache-producer' }, { type: picker }, { type: 'single-profile-handler' }],
    schedulingProfiles: [{ name: 'default', plugins: [{ pluginRef: picker }] }],
  }
}
