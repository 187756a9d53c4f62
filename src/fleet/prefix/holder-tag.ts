/**
 * Who holds a block, in 32 bits: 14 of the slot, 1 for "first block of its chain", 17 of the slot's epoch. A slot that forgets everything
 * goes on under its next epoch, and records with an older one are as good as gone. The first tag of a slot is its number.
 */
export const FIRST_BLOCK: number = 1 << 14
const EPOCH_STEP = 1 << 15

export function slotOfTag(tag: number): number {
  return tag & (FIRST_BLOCK - 1)
}

/** The tag of the same slot under its next epoch. After 131,072 of them the first one comes round again. */
export function nextEpoch(tag: number): number {
  return (tag + EPOCH_STEP) >>> 0
}

export function isFirstEpoch(tag: number): boolean {
  return tag < EPOCH_STEP
}
