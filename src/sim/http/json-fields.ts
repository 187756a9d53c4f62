/** Typed reading of a JSON object's fields; null counts as absent, a wrong type is a 400 that names the field. */
import { ApiError } from '#/sim/http/api-error.ts'

export class JsonFields {
  readonly #object: Readonly<Record<string, unknown>>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError(400, 'The body is not a JSON object.')
    this.#object = { ...value }
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? (this.#object[name] ?? undefined) : undefined
  }

  string(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'string') return value
    throw wrongType(name, 'a string')
  }

  boolean(name: string): boolean {
    const value = this.value(name)
    if (value === undefined || typeof value === 'boolean') return value ?? false
    throw wrongType(name, 'a boolean')
  }

  integer(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    throw wrongType(name, most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`)
  }

  /** An array; empty if absent. */
  array(name: string): readonly unknown[] {
    const value = this.value(name)
    if (value === undefined) return []
    if (Array.isArray(value)) return value
    throw wrongType(name, 'an array')
  }

  requiredArray(name: string): readonly unknown[] {
    this.required(name, this.value(name))
    return this.array(name)
  }

  object(name: string): JsonFields | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value === 'object' && !Array.isArray(value)) return new JsonFields(value)
    throw wrongType(name, 'an object')
  }

  /** A string or an array of strings; empty if absent. */
  strings(name: string): readonly string[] {
    const value = this.value(name)
    if (value === undefined) return []
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (values.every((each) => typeof each === 'string')) return values
    throw wrongType(name, 'a string or an array of strings')
  }

  required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new ApiError(400, `\`${name}\` is required.`, name)
    return value
  }
}

function wrongType(name: string, expected: string): ApiError {
  return new ApiError(400, `\`${name}\` is not ${expected}.`, name)
}
