/** A tokenized prompt in the form that the engine takes, with what the identity of the blocks after it depends on. */
import { blockKeysOfTokens, chainBlockKey, rootKeyOf } from '#/sim/engine/block-key.ts'

export interface Prompt {
  readonly tokens: number
  readonly blockSize: number
  /** Identities of the full blocks. */
  readonly blockKeys: Float64Array
  /** The last of them; the root of the chain if there is none. */
  readonly lastKey: number
  /** The tokens after the last full block. */
  readonly tail: Uint32Array
  /** Stands for the whole prompt and its adapter. */
  readonly digest: number
}

export function createPrompt(tokens: Uint32Array, blockSize: number, adapter: string | undefined): Prompt {
  const root = rootKeyOf(adapter)
  const blockKeys = blockKeysOfTokens(tokens, blockSize, root)
  const lastKey = blockKeys.at(-1) ?? root
  const tail = tokens.subarray(blockKeys.length * blockSize)
  return { tokens: tokens.length, blockSize, blockKeys, lastKey, tail, digest: chainBlockKey(lastKey, tail, 0, tail.length) }
}
