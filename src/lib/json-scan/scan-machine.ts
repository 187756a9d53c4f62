/** The WebAssembly machine of `json-scan.wat`: its tables, its memory and what it reports, with the addresses that both sides agree on. */
import { JSON_SCAN_WASM_BASE64 } from '#/lib/json-scan/json-scan-wasm.gen.ts'
import { buildNumberSteps } from '#/lib/json-scan/number-grammar.ts'

/** Small enough to stay in the nearest caches. */
export const WINDOW_BYTES = 65_536

// What `run` returns. At any other code a byte does not fit.
export const WINDOW_DONE = 0
export const KEY_DONE = 1
export const VALUE_DONE = 2
export const TOO_DEEP = 4

/** By state: what may come next. */
const EXPECTED = [
  'a JSON object',
  'a value',
  'a value or "]"',
  'a key',
  'a key or "}"',
  'a colon',
  'a comma or the end of the object or array',
  'nothing behind the object',
  'the rest of a string, without raw control characters',
  'an escape sequence',
  'four hexadecimal digits',
  'the rest of a number',
  'true, false or null',
]
const DOCUMENT_DONE = 7

// Addresses.
const STATUS_AT = 0
const STATUS_WORDS = 10
const LITERALS_AT = 64
const CLASSES_AT = 256
const NUMBER_STEPS_AT = 1280
const WINDOW_AT = 4096

// Bits of a byte's class.
const WHITE_SPACE = 1
const ESCAPABLE = 2
const HEX_DIGIT = 4
const NUMBER_BEGIN = 8
const CONTAINER_BEGIN = 16
const LITERAL_BEGIN = 32

/** The exports of json-scan.wat. */
interface JsonScanModule {
  readonly memory: { readonly buffer: ArrayBuffer }
  reset(): void
  run(position: number, end: number, bias: number, isWanted: number): number
}

/** The part of the global that is used here; TypeScript keeps its types in the DOM library. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: JsonScanModule }
}

/** Offsets are those of the body unless they say otherwise. */
export class ScanMachine {
  /** Where the caller puts the bytes of the body, piece by piece. */
  readonly window: Uint8Array
  readonly #module: JsonScanModule
  readonly #status: Int32Array

  constructor() {
    this.#module = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(JSON_SCAN_WASM_BASE64, 'base64'))).exports
    const { buffer } = this.#module.memory
    const bytes = new Uint8Array(buffer)
    bytes.set(Buffer.from('true\0\0\0\0false\0\0\0null\0\0\0\0', 'latin1'), LITERALS_AT)
    bytes.set(buildClasses(), CLASSES_AT)
    bytes.set(buildNumberSteps(), NUMBER_STEPS_AT)
    this.window = bytes.subarray(WINDOW_AT, WINDOW_AT + WINDOW_BYTES)
    this.#status = new Int32Array(buffer, STATUS_AT, STATUS_WORDS)
  }

  /** Before each body. */
  reset(): void {
    this.#module.reset()
    this.#status.fill(0)
  }

  /**
   * Reads the window from `from` to `end`, offsets in the window, which itself begins at `windowStart`. Stops behind each top-level key and, if
   * `isWanted`, behind the top-level value at hand.
   */
  run(from: number, end: number, windowStart: number, isWanted: boolean): number {
    return this.#module.run(WINDOW_AT + from, WINDOW_AT + end, windowStart - WINDOW_AT, isWanted ? 1 : 0)
  }

  /** Offset in the window of the next byte, or of the one that does not fit. */
  get position(): number {
    return this.#status[0]! - WINDOW_AT
  }

  get isDocumentDone(): boolean {
    return this.#status[1] === DOCUMENT_DONE
  }

  /** What may come next. */
  get expected(): string {
    return EXPECTED[this.#status[1]!]!
  }

  /** Of the key that was read last. */
  get keyStart(): number {
    return this.#status[3]!
  }

  // Of the wanted value that was read last.

  get valueStart(): number {
    return this.#status[4]!
  }

  get valueEnd(): number {
    return this.#status[5]!
  }

  get valueFirstByte(): number {
    return this.#status[6]!
  }

  get insignificantBytes(): number {
    return this.#status[7]!
  }

  get numbers(): number {
    return this.#status[8]!
  }

  get strings(): number {
    return this.#status[9]!
  }
}

function buildClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  const mark = (members: string, bit: number): void => {
    for (const byte of Buffer.from(members, 'latin1')) classes[byte] = classes[byte]! | bit
  }
  mark(' \t\n\r', WHITE_SPACE)
  mark('"\\/bfnrt', ESCAPABLE)
  mark('0123456789abcdefABCDEF', HEX_DIGIT)
  mark('-0123456789', NUMBER_BEGIN)
  mark('{[', CONTAINER_BEGIN)
  mark('tfn', LITERAL_BEGIN)
  return classes
}
