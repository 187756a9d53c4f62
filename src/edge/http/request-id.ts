/** The name of a request in logs, answers and at the endpoint: the client's own where it sent a usable one, else a new UUID. */
import { randomUUID } from 'node:crypto'

/** Printable, without blanks: it stands in headers and log lines. */
const USABLE = /^[\x21-\x7e]{1,128}$/

export function toRequestId(fromClient: string | undefined): string {
  return fromClient !== undefined && USABLE.test(fromClient) ? fromClient : randomUUID()
}
