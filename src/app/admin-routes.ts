/** What the admin port answers: metrics, health with its reasons, and the fleet as JSON. */
import type { FleetView } from '#/admin/fleet-view.ts'
import { reportReadiness } from '#/admin/readiness.ts'
import { toJsonAnswer } from '#/admin/server.ts'
import type { AdminAnswer, AdminRoutes } from '#/admin/server.ts'
import type { RoutingCore } from '#/app/routing-core.ts'

export function createAdminRoutes({ metrics, pool, table, limit }: RoutingCore, viewFleet: () => FleetView): AdminRoutes {
  return new Map<string, () => AdminAnswer | Promise<AdminAnswer>>([
    ['/metrics', async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.expose() })],
    ['/livez', () => toJsonAnswer(200, { status: 'ok' })],
    [
      '/readyz',
      () => {
        const report = reportReadiness([pool], table, limit.isDraining)
        return toJsonAnswer(report.ready ? 200 : 503, report)
      },
    ],
    ['/api/fleet', () => toJsonAnswer(200, viewFleet())],
  ])
}
