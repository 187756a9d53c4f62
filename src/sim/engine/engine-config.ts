/** What an engine is made of: its cache, its limits and how long its steps take. */

export interface EngineConfig {
  /** Tokens in one KV block. */
  readonly blockSize: number
  readonly numBlocks: number
  /** Sequences that may run at once. */
  readonly maxNumSeqs: number
  /** Tokens that one step may compute, prompts and streams together. */
  readonly maxNumBatchedTokens: number
  /** Prompt and output tokens of one sequence together. */
  readonly maxModelLen: number
  /** Adapters that may run at once; 0: the engine takes none. */
  readonly maxLoras: number
  /** Time to bring an adapter into a slot; it lengthens the step that does it, as in vLLM. */
  readonly adapterLoadMs: number
  readonly stepTime: StepTime
}

/** A step takes `baseMs` + the rest times what it computes: linear, the parts added up (no overlap of compute and memory traffic). */
interface StepTime {
  readonly baseMs: number
  /** For each prompt token that is computed. */
  readonly prefillTokenMs: number
  /** For each sequence that generates a token. */
  readonly streamMs: number
  /** For each token in the cache that a sequence of the step attends to. */
  readonly contextTokenMs: number
}

/** What one step computes. */
export interface StepLoad {
  prefillTokens: number
  streams: number
  contextTokens: number
  adapterLoads: number
}

export function stepDurationMs(config: EngineConfig, load: StepLoad): number {
  const { baseMs, prefillTokenMs, streamMs, contextTokenMs } = config.stepTime
  return (
    baseMs +
    prefillTokenMs * load.prefillTokens +
    streamMs * load.streams +
    contextTokenMs * load.contextTokens +
    config.adapterLoadMs * load.adapterLoads
  )
}

/** The same engine with every duration divided by `speed`. */
export function atSpeed(config: EngineConfig, speed: number): EngineConfig {
  if (!(speed > 0 && Number.isFinite(speed))) throw new RangeError(`speed ${speed} is not a positive number`)
  const { baseMs, prefillTokenMs, streamMs, contextTokenMs } = config.stepTime
  return {
    ...config,
    adapterLoadMs: config.adapterLoadMs / speed,
    stepTime: {
      baseMs: baseMs / speed,
      prefillTokenMs: prefillTokenMs / speed,
      streamMs: streamMs / speed,
      contextTokenMs: contextTokenMs / speed,
    },
  }
}

/** Throws a RangeError that says what does not fit. */
export function checkEngineConfig(config: EngineConfig): void {
  for (const name of ['blockSize', 'numBlocks', 'maxNumSeqs', 'maxNumBatchedTokens', 'maxModelLen'] as const) {
    if (!Number.isSafeInteger(config[name]) || config[name] < 1)
      throw new RangeError(`${name} ${config[name]} is not a whole number above 0`)
  }
  if (!Number.isSafeInteger(config.maxLoras) || config.maxLoras < 0)
    throw new RangeError(`maxLoras ${config.maxLoras} is not a whole number`)
  const cacheTokens = config.blockSize * config.numBlocks
  if (cacheTokens < config.maxModelLen) {
    throw new RangeError(
      `${config.numBlocks} KV blocks of ${config.blockSize} tokens hold ${cacheTokens} tokens, less than one context of ${config.maxModelLen}`,
    )
  }
}
