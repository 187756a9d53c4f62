/** Random JSON texts for property tests: every spelling of strings, numbers and white space that the grammar allows. */
import * as fc from 'fast-check'

const whiteSpace = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 }),
)

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', ' ', '{', '}', '[', ']', ',', ':', '/', '0') },
  fc.constantFrom('é', '中', '😀', '\u2028', '\u007f'),
  fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t'),
  fc.constantFrom('\\u0061', '\\u0000', '\\uD83D\\uDE00', '\\ud800', '\\uABcd'),
)
const stringText = fc.oneof(
  fc.string({ unit: character, maxLength: 8 }),
  fc.tuple(fc.integer({ min: 0, max: 60 }), fc.string({ unit: character, maxLength: 3 })).map(([length, end]) => 'x'.repeat(length) + end),
)
const keyText = fc.oneof(fc.constantFrom('model', 'mod\\u0065l', 'prompt', '__proto__', 'a', 'b\\n', ''), stringText)
const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('0', '7', '12', '1234567890123456789'),
    fc.constantFrom('', '.0', '.25', '.12345678901234567890'),
    fc.constantFrom('', 'e5', 'E+10', 'e-3', 'E400'),
  )
  .map((parts) => parts.join(''))

const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => text.map((inner) => `"${inner}"`)
const padded = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.tuple(whiteSpace, text, whiteSpace).map((parts) => parts.join(''))

const { object, value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null'),
    numberText,
    quoted(stringText),
    tie('array'),
    tie('object'),
  ),
  array: fc.oneof(
    fc.array(padded(tie('value')), { maxLength: 4 }).map((elements) => `[${elements.join(',')}]`),
    fc.array(padded(numberText), { maxLength: 6 }).map((elements) => `[${elements.join(',')}]`),
  ),
  object: fc
    .array(fc.tuple(padded(quoted(keyText)), padded(tie('value'))), { maxLength: 4 })
    .map((members) => `{${members.map(([key, member]) => `${key}:${member}`).join(',')}}`),
}))

export const objectText: fc.Arbitrary<string> = padded(object)
export const valueText: fc.Arbitrary<string> = padded(value)

const edit = fc.tuple(
  fc.nat(),
  fc.constantFrom('replace', 'insert', 'remove', 'cut'),
  fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('{}[]",:\\0-e.\n u'))),
)
/** An object with up to three bytes changed, added or taken out, or cut short; it may well be whole still. */
export const damagedObject: fc.Arbitrary<Uint8Array> = fc
  .tuple(objectText, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([text, edits]) => {
    const bytes = [...Buffer.from(text)]
    for (const [at, what, byte] of edits) {
      const index = at % (bytes.length + 1)
      if (what === 'cut') bytes.length = index
      else bytes.splice(index, what === 'insert' ? 0 : 1, ...(what === 'remove' ? [] : [byte]))
    }
    return Uint8Array.from(bytes)
  })

/** Where to cut a body of any length: steps of these sizes, again and again. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([1]),
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }).filter((sizes) => sizes.some((size) => size > 0)),
  fc.constant<number[]>([Number.MAX_SAFE_INTEGER]),
)

export function toChunks(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let from = 0, i = 0; from < bytes.length; i++) {
    const to = Math.min(bytes.length, from + sizes[i % sizes.length]!)
    chunks.push(Uint8Array.from(bytes.subarray(from, to)))
    from = to
  }
  return chunks
}
