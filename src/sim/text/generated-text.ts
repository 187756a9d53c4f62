/** Text that reads like words of no language, a token at a time and at random access: the same seed has the same text. */
import { mixKeys } from '#/sim/engine/block-key.ts'

const CONSONANTS = 'bdfgklmnprstvz'
const VOWELS = 'aeiou'

/** Token number `index` of the text: four ASCII letters, or three and a space. */
export function generatedPiece(seed: number, index: number): string {
  let bits = mixKeys(seed, index) >>> 0
  const draw = (letters: string): string => {
    const letter = letters[bits % letters.length]!
    bits = Math.floor(bits / letters.length)
    return letter
  }
  return draw(CONSONANTS) + draw(VOWELS) + draw(CONSONANTS) + (bits % 3 === 0 ? draw(VOWELS) : ' ')
}
