import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startQuick, QUICK_ENGINE } from '#/sim/http/test-client.ts'
import { PortUnavailableError } from '#/sim/replica-fleet.ts'

describe('startSimulators', () => {
  it('gives each replica a port and an engine of its own', async () => {
    await using simulators = await startQuick({ replicas: 3 })
    assert.equal(new Set(simulators.urls).size, 3)
    assert.equal(new Set(simulators.replicas.map(({ engine }) => engine)).size, 3)
    assert.deepEqual(
      simulators.urls,
      simulators.replicas.map(({ port }) => `http://127.0.0.1:${port}`),
    )
  })

  it('names a port that is taken, and leaves nothing running', async () => {
    await using taken = await startQuick()
    const port = taken.replicas[0]!.port
    await assert.rejects(startQuick({ port: port - 1, replicas: 2 }), (error) => {
      assert.ok(error instanceof PortUnavailableError)
      // The port before it may be in use as well.
      assert.ok(error.port === port || error.port === port - 1)
      assert.match(error.message, new RegExp(`port ${error.port} on 127.0.0.1 is taken`))
      return true
    })
    await assert.rejects(fetch(`http://127.0.0.1:${port - 1}/health`))
  })

  it('says why else a port cannot be had', async () => {
    await assert.rejects(startQuick({ host: '192.0.2.1' }), /port 0 on 192\.0\.2\.1 cannot be listened on \(EADDRNOTAVAIL\)/)
  })

  it('refuses what cannot be, before anything listens', async () => {
    await assert.rejects(startQuick({ engine: { ...QUICK_ENGINE, numBlocks: 1 } }), /less than one context/)
    await assert.rejects(startQuick({ engine: { ...QUICK_ENGINE, maxLoras: 0 } }), /no adapter slot/)
    await assert.rejects(startQuick({ port: 65_535, replicas: 2 }), /beyond port 65535/)
  })

  it('writes an IPv6 address as a URL', async () => {
    await using simulators = await startQuick({ host: '::1' })
    assert.match(simulators.urls[0]!, /^http:\/\/\[::1\]:\d+$/)
    assert.equal((await fetch(`${simulators.urls[0]}/health`)).status, 200)
  })
})
