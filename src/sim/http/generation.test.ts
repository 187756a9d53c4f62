import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:http'
import { it } from 'node:test'
import { systemClock } from '#/lib/clock.ts'
import { planChoices } from '#/sim/http/answer-plan.ts'
import { generate } from '#/sim/http/generation.ts'
import { HttpExchange } from '#/sim/http/http-exchange.ts'
import { Replica } from '#/sim/http/replica.ts'
import { QUICK_ENGINE, until } from '#/sim/http/test-client.ts'

it('nothing is computed for a client that left before its turn', async () => {
  const replica = new Replica({ engine: QUICK_ENGINE, models: ['base-model'], adapters: [], seed: 1, clock: systemClock })
  let exchange: HttpExchange | undefined
  const server = createServer((request, response) => (exchange = new HttpExchange(request, response, false))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const client = connect(address.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => exchange !== undefined)
  assert.equal(exchange!.isGone, false)
  client.destroy()
  await until(() => exchange!.isGone)
  const choices = planChoices(replica, undefined, [Uint32Array.of(1, 2, 3)], {
    maxTokens: 5,
    choices: 1,
    stop: [],
    ignoreEos: true,
    seed: 0,
  })
  generate(exchange!, replica, undefined, choices, { end: () => assert.fail('it ended') })
  assert.deepEqual([replica.engine.runningCount, replica.engine.waitingCount], [0, 0])
  server.close()
})
