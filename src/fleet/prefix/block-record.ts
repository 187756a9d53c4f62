/**
 * Layout of the records that a BlockTable consists of, in 32-bit words. A record is one block that one endpoint holds; its number times
 * RECORD_WORDS is where it begins. 0 is no record. Bucket heads are apart: word BUCKET of record b belongs to bucket b.
 */
export const RECORD_WORDS = 8
export const RECORD_BYTES = 32

/** Halves of the block's hash. */
export const LOW = 0
export const HIGH = 1
/** Who holds it: see holder-tag.ts. */
export const TAG = 2
/** The learn that added the block and is its only reason, else 0. */
export const LEARN_ID = 3
/** Next record of the same bucket, or of the free list. */
export const NEXT = 4
/** Neighbours in the order of use among the blocks of one endpoint. */
export const NEWER = 5
export const OLDER = 6
/** First record of a bucket. */
export const BUCKET = 7
