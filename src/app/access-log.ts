/** One log line a request; never prompt text, and names that a client chose are made safe to read. */
import type { AccessRecord } from '#/edge/http/edge-options.ts'
import { toLoggable } from '#/telemetry/logger.ts'
import type { Logger } from '#/telemetry/logger.ts'

export function logAccess(log: Logger, record: AccessRecord): void {
  log.info(
    {
      requestId: toLoggable(record.requestId),
      method: record.method,
      path: toLoggable(record.path),
      status: record.status,
      endpoint: record.endpoint,
      cause: record.cause,
      requestBytes: record.requestBytes,
      responseBytes: record.responseBytes,
      durationMs: Math.round(record.durationMs * 10) / 10,
      ttftMs: record.ttftMs === undefined ? undefined : Math.round(record.ttftMs * 10) / 10,
    },
    'request',
  )
}
