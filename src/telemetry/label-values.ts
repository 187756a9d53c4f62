/** Label sets for requests, with a cap on what a client can make us remember: a name beyond the cap is `other`. */
import type { Labels } from '#/telemetry/metrics.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

/** Distinct model names, and distinct fairness ids, that get series of their own. */
export const MAX_LABEL_VALUES = 1000
const OTHER = 'other'

export class RequestLabels {
  readonly #isKnownModel: (model: string) => boolean
  readonly #models = new CappedNames()
  readonly #fairnessIds = new CappedNames()
  readonly #sets = new Map<string, Labels>()

  /** `isKnownModel`: only names that some endpoint serves become label values. */
  constructor(isKnownModel: (model: string) => boolean) {
    this.#isKnownModel = isKnownModel
  }

  /** The same object for the same labels. */
  of(request: InferenceRequest): Labels {
    const model = this.#modelLabel(request.model)
    const target = request.targetModel === request.model ? model : this.#modelLabel(request.targetModel)
    const fairness = this.#fairnessIds.admit(request.fairnessId)
    const key = `${model}\n${target}\n${fairness}\n${request.priority}`
    let labels = this.#sets.get(key)
    if (labels === undefined) {
      labels = { model_name: model, target_model_name: target, fairness_id: fairness, priority: String(request.priority) }
      if (this.#sets.size < MAX_LABEL_VALUES * 4) this.#sets.set(key, labels)
    }
    return labels
  }

  /** For refusals before the request was understood. */
  readonly unknown: Labels = { model_name: OTHER, target_model_name: OTHER, fairness_id: OTHER, priority: '0' }

  #modelLabel(model: string): string {
    return this.#isKnownModel(model) ? this.#models.admit(model) : OTHER
  }
}

class CappedNames {
  readonly #names = new Set<string>()

  admit(name: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size >= MAX_LABEL_VALUES) return OTHER
    this.#names.add(name)
    return name
  }
}
