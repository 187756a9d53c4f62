/** The one error of the scanner: what is wrong with a body, and where. */

/**
 * 'syntax': no JSON, or no JSON object. 'depth': nested deeper than the limit. 'encoding': not UTF-8. 'duplicate-key': a name that is looked for
 * stands in the object twice.
 */
export type JsonScanErrorKind = 'syntax' | 'depth' | 'encoding' | 'duplicate-key'

export class JsonScanError extends Error {
  readonly kind: JsonScanErrorKind
  /** Bytes from the start of the body to the first byte that does not fit; the body's length if it ends too early. */
  readonly offset: number
  /** The name at fault, for 'duplicate-key'. */
  readonly key: string | undefined

  constructor(kind: JsonScanErrorKind, message: string, offset: number, key?: string) {
    super(message)
    this.name = 'JsonScanError'
    this.kind = kind
    this.offset = offset
    this.key = key
  }
}
