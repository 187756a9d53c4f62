/** Splits a server-sent event stream (WHATWG HTML 9.2, lines ended by LF or CRLF) into the data of its events, however the bytes are cut. */

/** An unfinished line beyond this is cut, so that a stream without line ends cannot fill the memory. */
const MAX_LINE_CHARS = 1_048_576

export class EventStreamScanner {
  readonly #onEvent: (data: string) => void
  #carry = ''
  #data: string | undefined

  /** `onEvent` gets the data of each event as latin1 text: bytes of a multi-byte character appear as separate characters. */
  constructor(onEvent: (data: string) => void) {
    this.#onEvent = onEvent
  }

  feed(bytes: Buffer): void {
    const text = this.#carry === '' ? bytes.toString('latin1') : this.#carry + bytes.toString('latin1')
    let lineStart = 0
    for (let lineEnd = text.indexOf('\n'); lineEnd !== -1; lineEnd = text.indexOf('\n', lineStart)) {
      this.#line(text, lineStart, text.charCodeAt(lineEnd - 1) === 0x0d && lineEnd > lineStart ? lineEnd - 1 : lineEnd)
      lineStart = lineEnd + 1
    }
    this.#carry = lineStart === text.length ? '' : text.slice(lineStart, lineStart + MAX_LINE_CHARS)
  }

  #line(text: string, start: number, end: number): void {
    if (start === end) {
      const data = this.#data
      this.#data = undefined
      if (data !== undefined) this.#onEvent(data)
    } else if (text.startsWith('data:', start)) {
      const value = text.slice(text.charCodeAt(start + 5) === 0x20 ? start + 6 : start + 5, end)
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
    }
  }
}
