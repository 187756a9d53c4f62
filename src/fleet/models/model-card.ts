/** One entry of an endpoint's `GET /v1/models`, in the shape of the wire: OpenAI's fields and those that vLLM adds. */

export interface ModelCard {
  readonly id: string
  readonly object: 'model'
  /** Seconds since the epoch. Many engines say the present time, some nothing: then 0. */
  readonly created: number
  readonly owned_by: string
  /** Path or repository that the weights come from. */
  readonly root: string | undefined
  /** The base model of an adapter. */
  readonly parent: string | undefined
  /** Tokens. */
  readonly max_model_len: number | undefined
}

/** The cards of an answer's body; undefined if it is no model list. Entries without a usable id, and repeated ids, are left out. */
export function parseModelList(body: string): readonly ModelCard[] | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  const entries = isObject(parsed) ? parsed['data'] : undefined
  if (!Array.isArray(entries)) return undefined
  const cards = new Map<string, ModelCard>()
  for (const entry of entries as readonly unknown[]) {
    if (!isObject(entry)) continue
    const id = textOf(entry['id'])
    if (id === undefined || cards.has(id)) continue
    cards.set(id, {
      id,
      object: 'model',
      created: numberOf(entry['created']) ?? 0,
      owned_by: textOf(entry['owned_by']) ?? 'unknown',
      root: textOf(entry['root']),
      parent: textOf(entry['parent']),
      max_model_len: numberOf(entry['max_model_len']),
    })
  }
  return [...cards.values()]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

/** Several endpoints serve the model: what one card lacks is taken from the other, and the limit is one that all of them keep. */
export function mergeModelCards(a: ModelCard, b: ModelCard): ModelCard {
  return {
    ...a,
    created: Math.min(a.created, b.created),
    root: a.root ?? b.root,
    parent: a.parent ?? b.parent,
    max_model_len: a.max_model_len === undefined ? b.max_model_len : Math.min(a.max_model_len, b.max_model_len ?? Infinity),
  }
}
