/**
 * Identity of a full KV block: a 53-bit integer that stands for every token up to the end of the block, chained from block to block as vLLM
 * chains its block hashes. The chain starts at a root, so that an adapter's blocks differ from the base model's.
 */

/** Start of the chain of the base model. No block has this key. */
export const ROOT_KEY = 0

const TWO_POW_32 = 0x1_0000_0000
const KEY_HIGH_BITS = 0x1f_ffff

/** The key of the block that holds `tokens[from..to)` and follows the block `previous`. */
export function chainBlockKey(previous: number, tokens: ArrayLike<number>, from: number, to: number): number {
  let a = (previous | 0) ^ 0x2545f491
  let b = ((previous / TWO_POW_32) | 0) ^ 0x4f6cdd1d
  for (let i = from; i < to; i++) {
    const token = tokens[i]! | 0
    a = Math.imul(a ^ token, 0x9e3779b1)
    a ^= a >>> 15
    b = Math.imul(b + token, 0x85ebca77) ^ a
    b ^= b >>> 13
  }
  return toKey(a, b)
}

/** A key that depends on both, for identities that do not come from tokens. */
export function mixKeys(left: number, right: number): number {
  const a = Math.imul((left | 0) ^ 0x9e3779b1, 0x85ebca77) ^ Math.imul((right | 0) ^ 0x7feb352d, 0x2c1b3c6d)
  const b = Math.imul((left / TWO_POW_32) ^ 0x846ca68b, 0x27d4eb2f) ^ Math.imul((right / TWO_POW_32) ^ 0x165667b1, 0x68e31da5)
  return toKey(a ^ (b >>> 7), b ^ (a << 9))
}

/** Root of the chain of an adapter. */
export function rootKeyOf(adapter: string | undefined): number {
  if (adapter === undefined) return ROOT_KEY
  const units = Array.from(adapter, (character) => character.codePointAt(0)!)
  return chainBlockKey(ROOT_KEY, units, 0, units.length)
}

/** The keys of the full blocks of a tokenized prompt. */
export function blockKeysOfTokens(tokens: ArrayLike<number>, blockSize: number, root: number): Float64Array {
  const keys = new Float64Array(Math.floor(tokens.length / blockSize))
  let previous = root
  for (let block = 0; block < keys.length; block++) {
    previous = chainBlockKey(previous, tokens, block * blockSize, (block + 1) * blockSize)
    keys[block] = previous
  }
  return keys
}

/**
 * The keys of the full blocks of a prompt of which only the identities of larger pieces are known: request traces give one id for each
 * `tokensPerId` tokens, the same id for the same piece after the same prefix. `tokensPerId` is a multiple of `blockSize`.
 */
export function blockKeysOfPieceIds(
  ids: ArrayLike<number>,
  tokensPerId: number,
  promptTokens: number,
  blockSize: number,
  root: number = ROOT_KEY,
): Float64Array {
  const blocksPerId = tokensPerId / blockSize
  if (!Number.isInteger(blocksPerId)) throw new RangeError(`${tokensPerId} tokens are not a whole number of blocks of ${blockSize} tokens`)
  const keys = new Float64Array(Math.min(Math.floor(promptTokens / blockSize), ids.length * blocksPerId))
  for (let block = 0; block < keys.length; block++) {
    const piece = Math.floor(block / blocksPerId)
    keys[block] = mixKeys(root, ids[piece]! * blocksPerId + (block - piece * blocksPerId))
  }
  return keys
}

/** Avalanche as in MurmurHash3's finalizer; never the root. */
function toKey(a: number, b: number): number {
  let low = Math.imul(a ^ (b >>> 16), 0x85ebca6b)
  low = Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  low ^= low >>> 16
  let high = Math.imul(b ^ (a >>> 16), 0xc2b2ae35)
  high = Math.imul(high ^ (high >>> 15), 0x85ebca6b)
  high ^= high >>> 14
  return (high & KEY_HIGH_BITS) * TWO_POW_32 + (low >>> 0) || 1
}
