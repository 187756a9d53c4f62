/** The part of the reference's EndpointPickerConfig that shapes scheduling, as a typed value. Formulas and names: the `llm-d.ai/v1alpha1` API. */

export interface PluginConfig {
  readonly type: string
  /** Defaults to `type`. */
  readonly name?: string
  readonly parameters?: unknown
}

export interface SchedulingProfileConfig {
  readonly name: string
  readonly plugins: readonly { readonly pluginRef: string; readonly weight?: number }[]
}

export interface EndpointPickerConfig {
  readonly plugins: readonly PluginConfig[]
  readonly schedulingProfiles: readonly SchedulingProfileConfig[]
}

/** What runs when nothing is configured: the reference's default profile (queue 2, KV cache 2, prefix 3). */
export const DEFAULT_ENDPOINT_PICKER_CONFIG: EndpointPickerConfig = {
  plugins: [
    { type: 'queue-scorer' },
    { type: 'kv-cache-utilization-scorer' },
    { type: 'prefix-cache-scorer' },
    { type: 'max-score-picker' },
    { type: 'single-profile-handler' },
  ],
  schedulingProfiles: [
    {
      name: 'default',
      plugins: [
        { pluginRef: 'queue-scorer', weight: 2 },
        { pluginRef: 'kv-cache-utilization-scorer', weight: 2 },
        { pluginRef: 'prefix-cache-scorer', weight: 3 },
        { pluginRef: 'max-score-picker' },
      ],
    },
  ],
}
