/** A tokenized prompt in the form that the engine takes, with what the identity of the blocks after it depends on. */
import { blockKeysOfTokens, chainBlockKey, rootKeyOf } from '#/sim/engine/block-key.ts'

export interface Prompt {
  readonly tokens: number
  readonly blockSize: number
  /** Identities of the full blocks. */
  readonly blockKeys: Float64Array
  /** The tokens after the last full block. */
  readonly tail: Uint32Array
  /** Stands for the whole prompt and its adapter. */
  readonly digest: number
}

export function createPrompt(tokens: Uint32Array, blockSize: number, adapter: string | undefined): Prompt {
  const root = rootKeyOf(adapter)
  const blockKeys = blockKeysOfTokens(tokens, blockSize, root)
  const tail = tokens.subarray(blockKeys.length * blockSize)
  return { tokens: tokens.length, blockSize, blockKeys, tail, digest: chainBlockKey(blockKeys.at(-1) ?? root, tail, 0, tail.length) }
}
