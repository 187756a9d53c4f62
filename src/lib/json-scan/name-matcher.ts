/** Recognises a few ASCII names among the keys of an object by their bytes, without making strings of keys that nobody asked for. */

const BACKSLASH = 0x5c
const LETTER_U = 0x75
/** `\u0061`: the longest spelling of one character. */
const ESCAPE_BYTES = 6

interface KnownName<Name> {
  readonly name: Name
  readonly bytes: Uint8Array
}

export class NameMatcher<Name extends string> {
  /** The longest key, with its quotes, that can spell one of the names. */
  readonly maxKeyBytes: number
  readonly #byLength: KnownName<Name>[][] = []
  readonly #decoded: Uint8Array

  /** Throws a RangeError for a name that is not ASCII. */
  constructor(names: readonly Name[]) {
    let longest = 0
    for (const name of names) {
      const bytes = Buffer.from(name, 'utf8')
      if (bytes.some((byte) => byte > 0x7f)) throw new RangeError(`the name "${name}" is not ASCII`)
      const sameLength = this.#byLength[bytes.length] ?? []
      sameLength.push({ name, bytes })
      this.#byLength[bytes.length] = sameLength
      longest = Math.max(longest, bytes.length)
    }
    this.maxKeyBytes = longest * ESCAPE_BYTES + 2
    this.#decoded = new Uint8Array(this.maxKeyBytes)
  }

  /** The name that the key in `bytes[start..end)` spells, or undefined. It is a valid JSON string with its quotes, of at most `maxKeyBytes`. */
  match(bytes: Uint8Array, start: number, end: number): Name | undefined {
    for (let i = start; i < end; i++)
      if (bytes[i] === BACKSLASH) return this.#find(this.#decoded, 0, this.#decode(bytes, start + 1, end - 1))
    return this.#find(bytes, start + 1, end - start - 2)
  }

  #find(bytes: Uint8Array, start: number, length: number): Name | undefined {
    const sameLength = this.#byLength[length]
    if (sameLength === undefined) return undefined
    for (const known of sameLength) if (isAt(known.bytes, bytes, start)) return known.name
    return undefined
  }

  /** Writes the characters without their escapes into scratch memory and returns how many; those beyond ASCII become bytes that match nothing. */
  #decode(bytes: Uint8Array, start: number, end: number): number {
    const decoded = this.#decoded
    let length = 0
    for (let i = start; i < end; i++) {
      let character = bytes[i]!
      if (character === BACKSLASH) {
        const escape = bytes[++i]!
        if (escape === LETTER_U) {
          const unit = (hex(bytes[i + 1]!) << 12) | (hex(bytes[i + 2]!) << 8) | (hex(bytes[i + 3]!) << 4) | hex(bytes[i + 4]!)
          character = Math.min(unit, 0xff)
          i += 4
        } else character = SIMPLE_ESCAPES.get(escape) ?? escape
      }
      decoded[length++] = character
    }
    return length
  }
}

/** Those that do not stand for themselves. */
const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9 }).map(([letter, code]) => [letter.charCodeAt(0), code]),
)

function hex(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
