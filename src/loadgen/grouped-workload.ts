/** Endless requests of one size in groups: every prompt begins with its group's shared text and goes on with text of its own. */
import type { Rng } from '#/lib/rng.ts'
import type { PromptText } from '#/loadgen/prompt-text.ts'
import type { RequestTemplate } from '#/loadgen/request-template.ts'
import type { Workload } from '#/loadgen/workload.ts'

export interface GroupedWorkloadOptions {
  readonly template: RequestTemplate
  readonly text: PromptText
  readonly rng: Rng
  /** Size of a whole body. */
  readonly bodyBytes: number
  readonly maxTokens: number
  readonly groups: number
  /** Prompt bytes that all requests of a group have in common. */
  readonly sharedBytes: number
}

/** Throws RangeError if the body has no room for the shared text. */
export function groupedWorkload(options: GroupedWorkloadOptions): Workload {
  const { template, text, rng, maxTokens, groups, sharedBytes } = options
  const textBytes = options.bodyBytes - template.overheadBytes(maxTokens)
  if (textBytes < sharedBytes || textBytes < 1) {
    const leastBytes = template.overheadBytes(maxTokens) + Math.max(1, sharedBytes)
    throw new RangeError(
      `a body of ${options.bodyBytes} bytes is too small: with ${sharedBytes} shared bytes it takes at least ${leastBytes}`,
    )
  }
  let count = 0
  return {
    next() {
      const group = rng.below(groups)
      const number = count++
      return template.plan(textBytes, maxTokens, (target, offset) => {
        text.write(target, offset, sharedBytes, `g${group}`)
        text.write(target, offset + sharedBytes, textBytes - sharedBytes, `r${number}`)
      })
    },
  }
}
