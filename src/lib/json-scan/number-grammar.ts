/** The number grammar of RFC 8259 section 6 as a table, so that a number can be left at a window's end and resumed in the next. */

const REJECT = 255

const START = 0
const MINUS = 1
const POINT = 2
const EXPONENT = 3
const EXPONENT_SIGN = 4
// From here on, the number may end.
const ZERO = 5
// From here on, further digits change nothing.
const INTEGER = 6
const FRACTION = 7
const EXPONENT_DIGITS = 8

/** `steps[state << 8 | byte]` is the next state, or 255 if the byte is no part of the number. */
export function buildNumberSteps(): Uint8Array {
  const steps = new Uint8Array(9 << 8).fill(REJECT)
  const allow = (from: number, bytes: string, to: number): void => {
    for (const byte of Buffer.from(bytes, 'latin1')) steps[(from << 8) | byte] = to
  }
  for (const from of [START, MINUS]) {
    allow(from, '0', ZERO)
    allow(from, '123456789', INTEGER)
  }
  allow(START, '-', MINUS)
  allow(INTEGER, '0123456789', INTEGER)
  for (const from of [ZERO, INTEGER]) allow(from, '.', POINT)
  for (const from of [POINT, FRACTION]) allow(from, '0123456789', FRACTION)
  for (const from of [ZERO, INTEGER, FRACTION]) allow(from, 'eE', EXPONENT)
  allow(EXPONENT, '+-', EXPONENT_SIGN)
  for (const from of [EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS]) allow(from, '0123456789', EXPONENT_DIGITS)
  return steps
}
