/** What a simulated model says to a prompt, settled before the engine computes it: how many tokens, which text, why it ends. */
import { chainBlockKey } from '#/sim/engine/block-key.ts'
import { generatedPiece } from '#/sim/text/generated-text.ts'
import { outputLength } from '#/sim/text/output-length.ts'
import type { Prompt } from '#/sim/text/prompt.ts'
import { TOKEN_BYTES, tokenize } from '#/sim/text/pseudo-tokens.ts'

export interface AnswerLimits {
  readonly maxTokens: number
  /** Texts before which the answer is cut. */
  readonly stop: readonly string[]
  /** The answer goes on to `maxTokens`. */
  readonly ignoreEos: boolean
}

export interface Answer {
  readonly tokens: number
  readonly finishReason: 'stop' | 'length'
  /** The stop text that cut it. */
  readonly stopText?: string
  /** What token number `index` adds to the text; empty for tokens of a stop text. */
  piece(index: number): string
  text(): string
  /** Identity of a block that the answer fills and that follows the block `previous`, for the engine. */
  blockKey(block: number, previous: number): number
}

/** An answer of pseudo words. The same seed, prompt and limits have the same answer, wherever it is computed. */
export function wordsAnswer(prompt: Prompt, seed: number, limits: AnswerLimits): Answer {
  const natural = limits.ignoreEos ? Infinity : outputLength(seed)
  const tokens = Math.min(natural, limits.maxTokens)
  const finishReason = natural <= limits.maxTokens ? 'stop' : 'length'
  const piece = (index: number): string => generatedPiece(seed, index)
  if (limits.stop.length === 0) return answer(prompt, tokens, finishReason, piece)
  const text = joinPieces(piece, tokens)
  const cut = earliestStop(text, limits.stop)
  if (cut === undefined) return answer(prompt, tokens, finishReason, piece)
  return { ...answer(prompt, Math.ceil(cut.end / TOKEN_BYTES), 'stop', slices(text.slice(0, cut.start))), stopText: cut.stop }
}

/** An answer with a given text, such as the arguments of a tool call, cut at `maxTokens`. */
export function textAnswer(prompt: Prompt, text: string, maxTokens: number): Answer {
  const whole = Math.ceil(text.length / TOKEN_BYTES)
  return answer(prompt, Math.min(whole, maxTokens), whole <= maxTokens ? 'stop' : 'length', slices(text))
}

function answer(prompt: Prompt, tokens: number, finishReason: 'stop' | 'length', piece: (index: number) => string): Answer {
  return {
    tokens,
    finishReason,
    piece,
    text: () => joinPieces(piece, tokens),
    blockKey(block, previous) {
      const { blockSize, tail } = prompt
      const generatedBlock = block - prompt.blockKeys.length
      // The first of these blocks starts with what the prompt left over.
      const before = generatedBlock === 0 ? tail : []
      const first = generatedBlock * blockSize - tail.length + before.length
      const pieces = Array.from({ length: blockSize - before.length }, (_, offset) => piece(first + offset))
      const filled = [...before, ...tokenize(pieces)]
      return chainBlockKey(generatedBlock === 0 ? prompt.lastKey : previous, filled, 0, filled.length)
    },
  }
}

function slices(text: string): (index: number) => string {
  return (index) => text.slice(index * TOKEN_BYTES, (index + 1) * TOKEN_BYTES)
}

function joinPieces(piece: (index: number) => string, tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => piece(index)).join('')
}

interface StopPlace {
  readonly stop: string
  readonly start: number
  readonly end: number
}

/** Where the first stop text to be complete stands, or undefined. */
function earliestStop(text: string, stops: readonly string[]): StopPlace | undefined {
  let earliest: StopPlace | undefined
  for (const stop of stops) {
    const start = text.indexOf(stop)
    if (start === -1) continue
    const end = start + stop.length
    if (earliest === undefined || end < earliest.end || (end === earliest.end && start < earliest.start)) earliest = { stop, start, end }
  }
  return earliest
}
