/**
 * How long an answer would be if nothing cut it: log-normal with a median of 129 and a 90th percentile of 424 tokens, as the conversations in
 * the public Azure LLM inference trace of 2023 have them.
 */
import { createRng } from '#/lib/rng.ts'

const MEDIAN_TOKENS = 129
/** ln(424 / 129) over the standard normal's 90th percentile. */
const SIGMA = 0.9284

/** Tokens, at least 1; the same seed has the same length. */
export function outputLength(seed: number): number {
  const rng = createRng(seed)
  // Box-Muller; 1 - next() is never 0.
  const normal = Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next())
  return Math.max(1, Math.round(MEDIAN_TOKENS * Math.exp(SIGMA * normal)))
}
