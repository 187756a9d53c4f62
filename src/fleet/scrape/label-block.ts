/** The `{name="value",...}` part of a sample line in the Prometheus text format (version 0.0.4). */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const CLOSE = 0x7d

/** Index just after the closing brace of the block that opens at `start`; -1 if it does not close before `end`. */
export function endOfLabelBlock(bytes: Uint8Array, start: number, end: number): number {
  let quoted = false
  for (let i = start + 1; i < end; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) quoted = !quoted
    else if (byte === BACKSLASH && quoted) i++
    else if (byte === CLOSE && !quoted) return i + 1
  }
  return -1
}

/** Labels of a block, given without its braces. Undefined if it is malformed. */
export function parseLabels(text: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>()
  let at = skipBlanks(text, 0)
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    if (equals === -1) return undefined
    const open = skipBlanks(text, equals + 1)
    if (text[open] !== '"') return undefined
    const close = closingQuote(text, open)
    if (close === -1) return undefined
    labels.set(text.slice(at, equals).trimEnd(), unescape(text.slice(open + 1, close)))
    at = skipBlanks(text, close + 1)
    if (at === text.length) break
    if (text[at] !== ',') return undefined
    at = skipBlanks(text, at + 1)
  }
  return labels
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    if (text[i] === '"') return i
    if (text[i] === '\\') i++
  }
  return -1
}

function unescape(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/\\(.)/gs, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
