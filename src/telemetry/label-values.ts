/** Label sets for requests, with a cap on what clients can make us remember and export: whatever is beyond it is `other`. */
import type { Labels } from '#/telemetry/metrics.ts'
import type { InferenceRequest } from '#/sdk/inference-request.ts'

/** Distinct model names, and distinct fairness ids, that get series of their own. */
export const MAX_LABEL_VALUES = 1000
/** Distinct combinations. Each one costs some four hundred lines of the metrics page once all its histograms are in use. */
export const MAX_LABEL_SETS: number = 2 * MAX_LABEL_VALUES
/** A longer value, which a client can send by the kilobyte and would then stand in each of those lines, is `other` too. */
export const MAX_LABEL_CHARS = 256
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

  /** What the labels are now; they may differ by the end of the request, when a model has come or gone. */
  of(request: InferenceRequest): Labels {
    const model = this.ofModel(request.model)
    const target = request.targetModel === request.model ? model : this.ofModel(request.targetModel)
    return this.#set(model, target, this.#fairnessIds.admit(request.fairnessId), request.priority)
  }

  /** For refusals before the request was understood. */
  readonly unknown: Labels = { model_name: OTHER, target_model_name: OTHER, fairness_id: OTHER, priority: '0' }

  ofModel(model: string): string {
    return this.#isKnownModel(model) ? this.#models.admit(model) : OTHER
  }

  /** Past the cap flows share a series: models, of which the fleet has few, keep theirs. */
  #set(model: string, target: string, fairness: string, priority: number): Labels {
    const key = `${model}\n${target}\n${fairness}\n${priority}`
    let labels = this.#sets.get(key)
    if (labels === undefined) {
      if (this.#sets.size >= MAX_LABEL_SETS && fairness !== OTHER) return this.#set(model, target, OTHER, priority)
      labels = { model_name: model, target_model_name: target, fairness_id: fairness, priority: String(priority) }
      this.#sets.set(key, labels)
    }
    return labels
  }
}

class CappedNames {
  readonly #names = new Set<string>()

  admit(name: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size >= MAX_LABEL_VALUES || name.length > MAX_LABEL_CHARS) return OTHER
    this.#names.add(name)
    return name
  }
}
