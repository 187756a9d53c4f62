import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldLookup } from '#/edge/http/field-lookup.ts'

test('finds a field, joins repeats, and does not take values for names', () => {
  const lookup = new FieldLookup(['a', 'b', 'accept', 'x', 'accept', 'y'])
  assert.equal(lookup.get('a'), 'b')
  assert.equal(lookup.get('accept'), 'x, y')
  assert.equal(lookup.get('b'), undefined)
})
