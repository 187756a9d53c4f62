/**
 * Reads request traces, gzipped or not: Mooncake's JSON lines (Qin et al., FAST '25: `timestamp` in ms, `input_length`, `output_length`,
 * `hash_ids`) and Azure's CSV (Patel et al., ISCA '24: TIMESTAMP,ContextTokens,GeneratedTokens). Errors name the file and the line.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { TraceRecord } from '#/loadgen/trace-record.ts'

/** A trace that cannot be read; the message says where and why. */
export class TraceError extends Error {}

const AZURE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens'

/**
 * The first `limit` records of the trace at `path`. Requests with one timestamp (a trace with coarse steps) are spread evenly over the time
 * to the next one. Throws TraceError.
 */
export async function readTrace(path: string, limit: number = Infinity): Promise<TraceRecord[]> {
  const records: TraceRecord[] = []
  let parse: ((line: string) => TraceRecord | undefined) | undefined
  let number = 0
  try {
    for await (const line of linesOf(path)) {
      number++
      if (line === '') continue
      if (parse === undefined) {
        parse = line === AZURE_HEADER ? parseAzure : parseMooncake
        if (line === AZURE_HEADER) continue
      }
      const record = parse(line)
      if (record === undefined) throw new TraceError(`${path}:${number}: not a request of a Mooncake (JSON lines) or Azure (CSV) trace`)
      const previousMs = records.at(-1)?.atMs ?? -Infinity
      if (record.atMs < previousMs) throw new TraceError(`${path}:${number}: time goes back from ${previousMs} to ${record.atMs} ms`)
      records.push(record)
      // One record of a later step is needed to know how long the last step is.
      if (records.length > limit && record.atMs > records[limit - 1]!.atMs) break
    }
  } catch (cause) {
    if (cause instanceof TraceError) throw cause
    throw new TraceError(`cannot read the trace ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (records.length === 0) throw new TraceError(`${path}: no requests in it`)
  return spreadClumps(records).slice(0, limit)
}

/** Spreads records of equal time evenly up to the next time; the last clump over as long as the step before it. */
export function spreadClumps(records: readonly TraceRecord[]): TraceRecord[] {
  const spread: TraceRecord[] = []
  let stepMs = 0
  for (let start = 0; start < records.length;) {
    const { atMs } = records[start]!
    let end = start + 1
    while (end < records.length && records[end]!.atMs === atMs) end++
    stepMs = end < records.length ? records[end]!.atMs - atMs : stepMs
    for (let i = start; i < end; i++) spread.push({ ...records[i]!, atMs: atMs + ((i - start) * stepMs) / (end - start) })
    start = end
  }
  return spread
}

function linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path)
  if (!path.endsWith('.gz')) return createInterface({ input: file, crlfDelay: Infinity })
  const unzipped = createGunzip()
  file.on('error', (error) => unzipped.destroy(error))
  return createInterface({ input: file.pipe(unzipped), crlfDelay: Infinity })
}

function parseMooncake(line: string): TraceRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { timestamp, input_length: input, output_length: output, hash_ids: ids } = value
  if (!isCount(timestamp) || !isCount(input) || !isCount(output)) return undefined
  if (ids !== undefined && !(Array.isArray(ids) && ids.every(isCount))) return undefined
  return { atMs: timestamp, inputTokens: input, outputTokens: output, blockIds: ids }
}

function parseAzure(line: string): TraceRecord | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?,(\d+),(\d+)$/.exec(line)
  if (match === null) return undefined
  // The fraction has seven digits; Date.parse is only sure to take three.
  const atMs = Date.parse(`${match[1]}T${match[2]}Z`) + Number(match[3] ?? 0) * 1000
  return { atMs, inputTokens: Number(match[4]), outputTokens: Number(match[5]), blockIds: undefined }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
