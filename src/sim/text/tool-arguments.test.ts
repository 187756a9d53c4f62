import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { argumentsFor } from '#/sim/text/tool-arguments.ts'

describe('argumentsFor', () => {
  it('fills the required properties by type, and only those', () => {
    const schema = {
      type: 'object',
      required: ['city', 'days', 'unit', 'exact', 'places', 'inner', 'fixed', 'missing'],
      properties: {
        city: { type: 'string' },
        days: { type: ['integer', 'null'] },
        unit: { enum: ['c', 'f'] },
        exact: { type: 'boolean' },
        places: { type: 'array' },
        inner: { type: 'object', required: ['x'], properties: { x: { type: 'number' }, y: { type: 'number' } } },
        fixed: { const: 3 },
        optional: { type: 'string' },
      },
    }
    const { city, ...rest } = { city: undefined, ...Object(argumentsFor(schema, 1)) }
    assert.match(String(city), /^[a-z]{3,4}$/)
    assert.deepEqual(rest, { days: 7, unit: 'c', exact: true, places: [], inner: { x: 7 }, fixed: 3 })
  })

  it('makes an empty object of no schema, and ends on a schema without end', () => {
    assert.deepEqual(argumentsFor(undefined, 1), {})
    const endless: Record<string, unknown> = { type: 'object', required: ['self'] }
    endless['properties'] = { self: endless }
    assert.equal(JSON.stringify(argumentsFor(endless, 1)), '{"self":'.repeat(8) + '{}' + '}'.repeat(8))
  })
})
