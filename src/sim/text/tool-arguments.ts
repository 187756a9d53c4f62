/** Arguments for a forced tool call: the required properties of the tool's JSON schema, filled by type. */
import { generatedPiece } from '#/sim/text/generated-text.ts'

/** Deeper schemas, recursive ones included, get an empty object. */
const MAX_DEPTH = 8

/** A value that the schema takes in ordinary cases; patterns, formats and bounds are not looked at. */
export function argumentsFor(schema: unknown, seed: number, depth = 0): unknown {
  if (!isObject(schema)) return {}
  const { enum: choices, const: constant, type, properties, required } = schema
  if (constant !== undefined) return constant
  if (Array.isArray(choices) && choices.length > 0) return choices[0]
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return generatedPiece(seed, depth).trim()
    case 'integer':
    case 'number':
      return 7
    case 'boolean':
      return true
    case 'array':
      return []
    case 'null':
      return null
  }
  if (!isObject(properties) || !Array.isArray(required) || depth === MAX_DEPTH) return {}
  const names = required.filter((name): name is string => typeof name === 'string' && Object.hasOwn(properties, name))
  return Object.fromEntries(names.map((name, index) => [name, argumentsFor(properties[name], seed + index, depth + 1)]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
