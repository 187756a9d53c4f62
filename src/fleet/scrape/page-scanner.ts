/**
 * Reads a metrics page (Prometheus text format) as its chunks arrive and keeps only what the plan asks for: a line that begins with no
 * planned series is skipped to its end unread. Holds at most one line, and only one that it needs and that a chunk border cuts.
 */
import { endOfLabelBlock, parseLabels } from '#/fleet/scrape/label-block.ts'
import type { CellReader, PagePlan, SeriesPlan } from '#/fleet/scrape/page-plan.ts'
import { DEAD, ROOT } from '#/fleet/scrape/series-trie.ts'

/** A needed line may be this long: thousands of adapter names. A longer one counts as unreadable. */
const MAX_LINE_BYTES = 256 * 1024

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const OPEN = 0x7b

/** Where in a line the next byte stands: its name, the rest of a line that is needed, or one that is not. */
type Place = 'name' | 'rest' | 'skip'

export class PageScanner {
  readonly plan: PagePlan
  /** Indexed by cell: the sum or maximum of the page's samples. */
  readonly values: Float64Array
  /** Indexed by cell: samples that came in. */
  readonly samples: Uint32Array
  /** Indexed by cell: 1 if a sample of it could not be used, so that the value would mislead. */
  readonly spoilt: Uint8Array
  /** Indexed by engine: 1 if the page has a series that identifies it. */
  readonly engineSeen: Uint8Array
  /** Indexed by engine: the labels of its current adapter sample, and that sample's value. */
  readonly adapters: (ReadonlyMap<string, string> | undefined)[] = []
  /** Lines and values of planned series that were malformed, negative or not finite. */
  unreadable = 0
  readonly #adapterTimes: Float64Array
  #place: Place = 'name'
  #state: number = ROOT
  #series = -1
  #carry: Buffer = Buffer.alloc(0)
  #carriedBytes = 0

  constructor(plan: PagePlan) {
    this.plan = plan
    this.values = new Float64Array(plan.cellCount)
    this.samples = new Uint32Array(plan.cellCount)
    this.spoilt = new Uint8Array(plan.cellCount)
    this.engineSeen = new Uint8Array(plan.engines.length)
    this.#adapterTimes = new Float64Array(plan.engines.length)
  }

  /** Ready for the next page. */
  reset(): void {
    this.values.fill(0)
    this.samples.fill(0)
    this.spoilt.fill(0)
    this.engineSeen.fill(0)
    this.adapters.length = 0
    this.unreadable = 0
    this.#startLine()
  }

  /** `chunk` is only read during the call. */
  scan(chunk: Buffer): void {
    const { length } = chunk
    let at = 0
    while (at < length) {
      if (this.#place === 'name') {
        at = this.#scanName(chunk, at)
        continue
      }
      const newline = chunk.indexOf(NEWLINE, at)
      const end = newline === -1 ? length : newline
      if (this.#place === 'rest') {
        if (newline !== -1 && this.#carriedBytes === 0) this.#read(this.plan.series[this.#series]!, chunk, at, end)
        else this.#hold(chunk, at, end)
      }
      if (newline === -1) return
      this.#endLine()
      at = newline + 1
    }
  }

  /** The page is complete: its last line may lack the newline. */
  end(): void {
    this.#endLine()
  }

  /** Engine of the page: index in the plan, -1 if it is none of them. */
  engine(): number {
    return this.engineSeen.indexOf(1)
  }

  /** True if the page had the cell's series and all its samples were usable. */
  has(cell: number): boolean {
    return this.samples[cell]! > 0 && this.spoilt[cell] === 0
  }

  /** Returns the index of the first byte that does not belong to the name, with the place set for it. */
  #scanName(chunk: Buffer, from: number): number {
    const { next, seriesAt } = this.plan.trie
    const { length } = chunk
    let state = this.#state
    let at = from
    for (; at < length; at++) {
      const byte = chunk[at]!
      const following = byte < 128 ? next[(state << 7) | byte]! : DEAD
      if (following !== DEAD) {
        state = following
        continue
      }
      if (byte === NEWLINE) state = ROOT
      else if (state === ROOT && (byte === SPACE || byte === TAB)) continue
      else {
        const series = byte === OPEN || byte === SPACE || byte === TAB ? seriesAt[state]! : -1
        this.#series = series
        this.#place = series === -1 ? 'skip' : 'rest'
        return at
      }
    }
    this.#state = state
    return at
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const neededBytes = this.#carriedBytes + (end - start)
    if (neededBytes > MAX_LINE_BYTES) {
      this.#spoil(this.plan.series[this.#series]!)
      this.#place = 'skip'
      return
    }
    if (neededBytes > this.#carry.length) {
      const larger = Buffer.allocUnsafe(Math.max(1024, 2 * neededBytes))
      this.#carry.copy(larger, 0, 0, this.#carriedBytes)
      this.#carry = larger
    }
    chunk.copy(this.#carry, this.#carriedBytes, start, end)
    this.#carriedBytes = neededBytes
  }

  #endLine(): void {
    if (this.#place === 'rest' && this.#carriedBytes > 0) this.#read(this.plan.series[this.#series]!, this.#carry, 0, this.#carriedBytes)
    this.#startLine()
  }

  #startLine(): void {
    this.#place = 'name'
    this.#state = ROOT
    this.#carriedBytes = 0
  }

  /** `bytes[start..end)` is the line behind the name of its series: labels, value, and perhaps a time. */
  #read(series: SeriesPlan, bytes: Buffer, start: number, end: number): void {
    for (const engine of series.engines) this.engineSeen[engine] = 1
    if (series.cells.length === 0 && series.adapters.length === 0) return
    let at = skipBlanks(bytes, start, end)
    let labels: ReadonlyMap<string, string> | undefined
    if (bytes[at] === OPEN) {
      const close = endOfLabelBlock(bytes, at, end)
      if (close === -1) return this.#spoil(series)
      if (needsLabels(series)) {
        labels = parseLabels(bytes.toString('utf8', at + 1, close - 1))
        if (labels === undefined) return this.#spoil(series)
      }
      at = skipBlanks(bytes, close, end)
    }
    const value = readNumber(bytes, at, end)
    for (const reader of series.cells) this.#readCell(reader, labels, value)
    for (const engine of series.adapters) {
      if (Number.isNaN(value)) this.unreadable++
      else if (this.adapters[engine] === undefined || value > this.#adapterTimes[engine]!) {
        this.adapters[engine] = labels ?? new Map()
        this.#adapterTimes[engine] = value
      }
    }
  }

  #readCell(reader: CellReader, labels: ReadonlyMap<string, string> | undefined, sample: number): void {
    for (const [name, expected] of reader.labels) if (labels?.get(name) !== expected) return
    const { cell } = reader
    let value = sample
    if (reader.fromLabel !== undefined) {
      const text = labels?.get(reader.fromLabel)
      if (text === undefined || text === 'None') return
      value = toNumber(text)
    }
    if (value >= 0 && value < Infinity) {
      this.values[cell] = reader.combine === 'sum' ? this.values[cell]! + value : Math.max(this.values[cell]!, value)
      this.samples[cell]!++
    } else {
      this.spoilt[cell] = 1
      this.unreadable++
    }
  }

  #spoil(series: SeriesPlan): void {
    for (const { cell } of series.cells) this.spoilt[cell] = 1
    this.unreadable++
  }
}

function needsLabels(series: SeriesPlan): boolean {
  return series.adapters.length > 0 || series.cells.some((reader) => reader.fromLabel !== undefined || reader.labels.length > 0)
}

function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
  return at
}

/** The number that starts at `start` and ends at a blank or the line's end; NaN if there is none. */
function readNumber(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] !== SPACE && bytes[at] !== TAB && bytes[at] !== RETURN) at++
  return toNumber(bytes.toString('latin1', start, at))
}

/** Decimal numbers and, as the format has them, `NaN`, `+Inf` and `-Inf`. NaN for anything else, such as hex or nothing at all. */
function toNumber(text: string): number {
  const value = Number(text)
  if (!Number.isNaN(value)) return /^[-+.\deE]+$/.test(text) ? value : NaN
  if (text === '+Inf' || text === 'Inf') return Infinity
  return text === '-Inf' ? -Infinity : NaN
}
