/** A small seeded random generator (sfc32, Chris Doty-Humphrey, PractRand): same seed, same sequence, on every machine. */

export interface Rng {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number
  /** Uniform integer in [0, bound). */
  below(bound: number): number
}

export function createRng(seed: number): Rng {
  let a = 0x9e3779b9 | 0
  let b = seed | 0
  let c = (seed / 0x1_0000_0000) | 0
  let counter = 1
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 15; i++) step()
  return {
    next: () => step() / 0x1_0000_0000,
    below: (bound) => Math.floor((step() / 0x1_0000_0000) * bound),
  }
}
