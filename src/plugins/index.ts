/** The plugins that come with Headgate. A new one is a file beside its kind and a line here. */
import { labelSelectorFilter } from '#/plugins/filters/label-selector-filter.ts'
import { maxScorePicker } from '#/plugins/pickers/max-score-picker.ts'
import { randomPicker } from '#/plugins/pickers/random-picker.ts'
import { roundRobinPicker } from '#/plugins/pickers/round-robin-picker.ts'
import { weightedRandomPicker } from '#/plugins/pickers/weighted-random-picker.ts'
import { approxPrefixCacheProducer } from '#/plugins/producers/approx-prefix-cache-producer.ts'
import { inflightLoadProducer } from '#/plugins/producers/inflight-load-producer.ts'
import { singleProfileHandler } from '#/plugins/profile-handlers/single-profile-handler.ts'
import { activeRequestScorer } from '#/plugins/scorers/active-request-scorer.ts'
import { kvCacheUtilizationScorer } from '#/plugins/scorers/kv-cache-utilization-scorer.ts'
import { loadAwareScorer } from '#/plugins/scorers/load-aware-scorer.ts'
import { loraAffinityScorer } from '#/plugins/scorers/lora-affinity-scorer.ts'
import { noHitLruScorer } from '#/plugins/scorers/no-hit-lru-scorer.ts'
import { prefixCacheScorer } from '#/plugins/scorers/prefix-cache-scorer.ts'
import { queueScorer } from '#/plugins/scorers/queue-scorer.ts'
import { runningRequestsSizeScorer } from '#/plugins/scorers/running-requests-size-scorer.ts'
import { tokenLoadScorer } from '#/plugins/scorers/token-load-scorer.ts'
import type { PluginDefinition } from '#/sdk/plugin.ts'

export const BUILT_IN_PLUGINS: readonly PluginDefinition[] = [
  approxPrefixCacheProducer,
  inflightLoadProducer,
  labelSelectorFilter,
  activeRequestScorer,
  kvCacheUtilizationScorer,
  loadAwareScorer,
  loraAffinityScorer,
  noHitLruScorer,
  prefixCacheScorer,
  queueScorer,
  runningRequestsSizeScorer,
  tokenLoadScorer,
  maxScorePicker,
  randomPicker,
  roundRobinPicker,
  weightedRandomPicker,
  singleProfileHandler,
]
