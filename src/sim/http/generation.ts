/** Runs the choices of one request through the engine of its replica: counts, aborts when the client leaves, and reports as tokens come. */
import { createRng } from '#/lib/rng.ts'
import type { Sequence } from '#/sim/engine/sequence.ts'
import type { HttpExchange } from '#/sim/http/http-exchange.ts'
import type { Replica } from '#/sim/http/replica.ts'
import type { Answer } from '#/sim/text/answer.ts'
import type { Prompt } from '#/sim/text/prompt.ts'

export interface Choice {
  readonly index: number
  /** Choices of the same prompt share the object. */
  readonly prompt: Prompt
  readonly answer: Answer
}

/** Each prompt counts once, however many choices it has. */
export interface Usage {
  readonly promptTokens: number
  /** Of the prompt tokens, found in the prefix cache. */
  readonly cachedTokens: number
  readonly completionTokens: number
}

/** Called in this order: start; for each choice token..., choiceEnd; end. Nothing is called once the client left. */
export interface GenerationSink {
  /** The first token of all is there. */
  start?(usage: Usage): void
  /** `text` is empty for a token of a stop text. */
  token?(choice: Choice, text: string): void
  choiceEnd?(choice: Choice): void
  end(usage: Usage): void
}

export function generate(
  exchange: HttpExchange,
  replica: Replica,
  adapter: string | undefined,
  choices: readonly Choice[],
  sink: GenerationSink,
): void {
  const { engine, stats } = replica
  const sequences: Sequence[] = []
  const totalTokens = choices.reduce((sum, { answer }) => sum + answer.tokens, 0)
  let tokensUntilReset = exchange.resetMidway ? 1 + createRng(choices[0]!.prompt.digest).below(totalTokens) : Infinity
  let open = choices.length
  let started = false
  if (exchange.isGone) return

  const submit = (choice: Choice): Sequence => {
    let lastTokenAtMs: number | undefined
    return engine.submit({
      promptTokens: choice.prompt.tokens,
      blockKeys: choice.prompt.blockKeys,
      maxTokens: choice.answer.tokens,
      ...(adapter === undefined ? {} : { adapter }),
      generatedBlockKey: (block, previous) => choice.answer.blockKey(block, previous),
      events: {
        onToken(sequence, atMs) {
          stats.observeToken(sequence, lastTokenAtMs, atMs)
          lastTokenAtMs = atMs
          if (--tokensUntilReset === 0) exchange.reset()
          if (exchange.isGone) return
          if (!started) sink.start?.(usageOf(choices, sequences))
          started = true
          sink.token?.(choice, choice.answer.piece(sequence.generatedTokens - 1))
        },
        onEnd(sequence, cause, atMs) {
          stats.observeEnd(sequence, cause === 'aborted' ? 'abort' : choice.answer.finishReason, atMs)
          open--
          if (cause === 'aborted' || exchange.isGone) return
          sink.choiceEnd?.(choice)
          if (open === 0) sink.end(usageOf(choices, sequences))
        },
      },
    })
  }

  // After a complete answer there is nothing left to abort.
  exchange.onClose(() => {
    for (const sequence of sequences) engine.abort(sequence)
  })
  for (const choice of choices) sequences.push(submit(choice))
}

function usageOf(choices: readonly Choice[], sequences: readonly Sequence[]): Usage {
  let promptTokens = 0
  let cachedTokens = 0
  let completionTokens = 0
  for (const [i, { prompt }] of choices.entries()) {
    completionTokens += sequences[i]!.generatedTokens
    if (choices[i - 1]?.prompt === prompt) continue
    promptTokens += prompt.tokens
    cachedTokens += sequences[i]!.cachedTokens
  }
  return { promptTokens, cachedTokens, completionTokens }
}
