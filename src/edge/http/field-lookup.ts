/** A `HeaderLookup` over a flat field list: a scan, because a request asks for a handful of names and most lists are short. */
import type { FieldList } from '#/edge/http/upstream.ts'
import type { HeaderLookup } from '#/sdk/inference-request.ts'

export class FieldLookup implements HeaderLookup {
  readonly #fields: FieldList

  constructor(fields: FieldList) {
    this.#fields = fields
  }

  get(name: string): string | undefined {
    const fields = this.#fields
    let value: string | undefined
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] === name) value = value === undefined ? fields[i + 1]! : `${value}, ${fields[i + 1]!}`
    }
    return value
  }
}
