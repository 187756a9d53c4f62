/** THE list of engines. On a page with the series of several, the first of them counts. */
import type { EngineMapping } from '#/fleet/scrape/engine-mapping.ts'
import { vllm } from '#/fleet/scrape/engines/vllm.ts'

export const ENGINE_MAPPINGS: readonly EngineMapping[] = [vllm]
