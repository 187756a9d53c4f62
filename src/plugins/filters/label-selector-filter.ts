/**
 * What: keeps the endpoints whose labels meet a Kubernetes label selector.
 *
 * Intent: pins a profile to a part of the pool, such as one role, zone or hardware generation.
 *
 * Inputs: the labels of each endpoint.
 *
 * Configuration: `matchLabels` (all must be equal) and `matchExpressions` (all must hold; operators In, NotIn, Exists, DoesNotExist, as
 * Kubernetes defines them: NotIn also keeps endpoints without the label). An empty selector keeps every endpoint.
 *
 * Example:
 * ```yaml
 * plugins:
 *   - type: label-selector-filter
 *     parameters:
 *       matchLabels: { tier: gpu-large }
 *       matchExpressions:
 *         - { key: llm-d.ai/role, operator: In, values: [decode, both] }
 * ```
 */
import { z } from 'zod'
import { defineFilter } from '#/sdk/filter.ts'
import type { FilterDefinition } from '#/sdk/filter.ts'
import { endpointLabels } from '#/sdk/keys.ts'

const labelKey = z.string().min(1)
const expression = z.discriminatedUnion('operator', [
  z.strictObject({ key: labelKey, operator: z.enum(['In', 'NotIn']), values: z.array(z.string()).min(1) }),
  z.strictObject({ key: labelKey, operator: z.enum(['Exists', 'DoesNotExist']), values: z.array(z.string()).max(0).optional() }),
])
const params = z.strictObject({
  matchLabels: z.record(labelKey, z.string()).default({}),
  matchExpressions: z.array(expression).default([]),
})

const UNKNOWN = 0
const KEPT = 1
const REMOVED = 2

export const labelSelectorFilter: FilterDefinition = defineFilter({
  type: 'label-selector-filter',
  stability: 'beta',
  summary: 'Keeps the endpoints whose labels meet a Kubernetes label selector.',
  params,
  consumes: { required: [endpointLabels] },
  create(selector, context) {
    const labels = context.resource(endpointLabels)
    const verdicts = new Uint8Array(context.maxEndpoints)
    let judgedVersion = labels.version
    return {
      keep(_request, candidates) {
        if (labels.version !== judgedVersion) {
          verdicts.fill(UNKNOWN)
          judgedVersion = labels.version
        }
        const { slots, count } = candidates
        let kept = 0
        for (let i = 0; i < count; i++) {
          const slot = slots[i]!
          if (verdicts[slot] === UNKNOWN) verdicts[slot] = isSelected(labels.get(slot), selector) ? KEPT : REMOVED
          if (verdicts[slot] === KEPT) slots[kept++] = slot
        }
        candidates.count = kept
      },
    }
  },
})

function isSelected(labels: Readonly<Record<string, string>>, selector: z.output<typeof params>): boolean {
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined)
  return (
    Object.entries(selector.matchLabels).every(([key, value]) => valueOf(key) === value) &&
    selector.matchExpressions.every((requirement) => isMet(requirement, valueOf(requirement.key)))
  )
}

function isMet(requirement: z.output<typeof expression>, value: string | undefined): boolean {
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value)
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value)
    case 'Exists':
      return value !== undefined
    default:
      return value === undefined
  }
}
