import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectFleetMetrics, meanAndDeviation } from '#/app/fleet-metrics.ts'
import { RoutingRig } from '#/app/testing/routing-rig.ts'
import { inflightRequests, inflightTokens, kvCacheUtilization, runningRequestsSize, waitingQueueSize } from '#/sdk/keys.ts'
import { readSamples, seriesOf } from '#/telemetry/testing/samples.ts'

function createRig() {
  const rig = new RoutingRig()
  const endpoints = rig.joinMany(3)
  const { metrics, columns, table, pool, index } = rig.core
  collectFleetMetrics(metrics, { columns, table, pools: [pool], index, version: '1.2.3' })
  return { rig, endpoints, samples: () => readSamples(metrics) }
}

const POOL = '{name="default/default"}'

test('means and deviations are over the ready endpoints of the pool', async () => {
  const { rig, endpoints, samples } = createRig()
  for (const [i, endpoint] of endpoints.entries()) {
    rig.scraped(waitingQueueSize, endpoint, [2, 4, 100][i]!)
    rig.scraped(runningRequestsSize, endpoint, [1, 3, 100][i]!)
    rig.scraped(kvCacheUtilization, endpoint, [0.25, 0.75, 1][i]!)
  }
  rig.core.table.setReadiness(endpoints[2]!.ref, 'down')
  const page = await samples()
  const value = (name: string) => page.get(`llm_d_epp_${name}${POOL}`)
  assert.equal(value('ready_endpoints'), 2)
  assert.deepEqual([value('average_queue_size'), value('std_dev_queue_size')], [3, 1])
  assert.deepEqual([value('average_running_requests'), value('std_dev_running_requests')], [2, 1])
  assert.deepEqual([value('average_kv_cache_utilization'), value('std_dev_kv_cache_utilization')], [0.5, 0.25])
})

test('each endpoint has its own load, and no series once it is gone', async () => {
  const { rig, endpoints, samples } = createRig()
  rig.scraped(waitingQueueSize, endpoints[1]!, 7)
  rig.scraped(inflightRequests, endpoints[1]!, 5)
  rig.scraped(inflightTokens, endpoints[1]!, 900)
  const before = await samples()
  assert.equal(before.get('llm_d_epp_per_endpoint_queue_size{name="default/default",model_server_endpoint="e1"}'), 7)
  assert.equal(before.get('headgate_endpoint_inflight_requests{endpoint_name="e1",namespace="default"}'), 5)
  assert.equal(before.get('headgate_endpoint_inflight_tokens{endpoint_name="e1",namespace="default"}'), 900)
  assert.equal(before.get('headgate_endpoint_inflight_requests{endpoint_name="e0",namespace="default"}'), 0)
  rig.core.table.remove(endpoints[1]!.ref)
  const after = await samples()
  for (const name of ['llm_d_epp_per_endpoint_queue_size', 'headgate_endpoint_inflight_requests', 'headgate_endpoint_inflight_tokens']) {
    assert.equal(seriesOf(after, name).length, 2, name)
    assert.doesNotMatch(seriesOf(after, name).join(), /e1/)
  }
})

test('the index and the version', async () => {
  const { rig, samples } = createRig()
  const decision = rig.forward()
  decision.ticket.sent(decision.endpoints[0]!)
  const page = await samples()
  assert.equal(page.get('llm_d_epp_info{commit="",build_ref="1.2.3"}'), 1)
  assert.equal(page.get('llm_d_epp_prefix_indexer_size'), 1)
  assert.equal(page.get('headgate_prefix_index_bytes{kind="used"}'), rig.core.index.usedBytes)
  assert.equal(page.get('headgate_prefix_index_bytes{kind="budget"}'), rig.core.index.budgetBytes)
})

test('an empty pool has means of zero rather than none', async () => {
  assert.deepEqual(meanAndDeviation([]), { mean: 0, deviation: 0 })
  const { rig, endpoints, samples } = createRig()
  for (const { ref } of endpoints) rig.core.table.remove(ref)
  const page = await samples()
  assert.equal(page.get(`llm_d_epp_ready_endpoints${POOL}`), 0)
  assert.equal(page.get(`llm_d_epp_average_queue_size${POOL}`), 0)
})
