/** What the admin port answers: metrics, health with its reasons, and the fleet as JSON. */
import type { FleetView } from '#/admin/fleet-view.ts'
import { reportReadiness } from '#/admin/readiness.ts'
import { toJsonAnswer } from '#/admin/server.ts'
import type { AdminRoutes } from '#/admin/server.ts'
import type { RoutingCore } from '#/app/routing-core.ts'

export function createAdminRoutes({ metrics, pool, table, limit }: RoutingCore, viewFleet: () => FleetView): AdminRoutes {
  return new Map([
    ['/metrics', async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.expose() })],
    ['/livez', () => Promise.resolve(toJsonAnswer(200, { status: 'ok' }))],
    [
      '/readyz',
      () => {
        const report = reportReadiness([pool], table, limit.isDraining)
        return Promise.resolve(toJsonAnswer(report.ready ? 200 : 503, report))
      },
    ],
    ['/api/fleet', () => Promise.resolve(toJsonAnswer(200, viewFleet()))],
  ])
}
