/** Structured logs by pino. Prompt text never gets here; names from requests are cut and stripped of control characters first. */
import { pino } from 'pino'
import type { Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'

export type { Logger } from 'pino'

export interface LogOptions {
  readonly level: string
  readonly format: 'json' | 'pretty'
  /** Where lines go instead of standard error. */
  readonly write?: (line: string) => void
}

/** Writes to standard error unless told otherwise, so that standard output stays the command's own. */
export function createLogger(options: LogOptions): Logger {
  const base = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const { write } = options
  if (options.format === 'json') return write === undefined ? pino(base, pino.destination({ dest: 2, sync: false })) : pino(base, { write })
  const format = prettyFactory({ colorize: process.stderr.isTTY, translateTime: 'SYS:HH:MM:ss.l' })
  const out = write ?? ((line: string) => process.stderr.write(line))
  return pino(base, { write: (line: string) => out(format(line)) })
}

const MAX_NAME_CHARS = 256

/** A name that a client chose, safe to show to a person: at most 256 characters, no control characters. */
export function toLoggable(name: string): string {
  const cut = name.length > MAX_NAME_CHARS ? `${name.slice(0, MAX_NAME_CHARS)}...` : name
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  return cut.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}')
}
