/** Parsers for numeric options: what they reject, they reject with the range in words. */
import { InvalidArgumentError } from 'commander'

/** A whole number in [min, max]. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
    return value
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Bytes, with an optional binary suffix: 65536, 64Ki, 64MiB, 1G. */
export function byteCount(text: string): number {
  const match = /^(\d+)\s*([kmg]?)i?b?$/i.exec(text)
  if (match === null) throw new InvalidArgumentError('Give bytes such as 65536, 64Ki, 64MiB or 1G.')
  return Number(match[1]) * UNITS[match[2]!.toLowerCase()]!
}

/** Bytes as `byteCount` takes them, in [min, max]. */
export function byteCountIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const bytes = byteCount(text)
    if (bytes < min || bytes > max) throw new InvalidArgumentError(`Give from ${min} to ${max} bytes.`)
    return bytes
  }
}

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds from 500ms, 30s, 5m, 1h; a bare number is seconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Give a duration such as 500ms, 30s, 5m or 1h.')
  return Math.round(Number(match[1]) * TIME_UNITS[match[2] ?? 's']!)
}
