/** What a simulated server does wrong, as a small readable spec: `latency=200,error=0.05,crash-after=100`. */

export interface Faults {
  /** Before every inference request. */
  readonly latencyMs: number
  /** Share of inference requests that are never answered. */
  readonly hangRate: number
  /** Share answered with a 500. */
  readonly errorRate: number
  /** Share whose connection is reset while the answer is generated. */
  readonly resetRate: number
  /** Inference requests until the replica goes down with the next one: connections drop, the port closes. */
  readonly crashAfter: number
  /** Before every metrics page. */
  readonly slowMetricsMs: number
}

export const NO_FAULTS: Faults = { latencyMs: 0, hangRate: 0, errorRate: 0, resetRate: 0, crashAfter: Infinity, slowMetricsMs: 0 }

interface FaultDefinition {
  readonly field: keyof Faults
  readonly unit: 'MS' | 'RATE' | 'N'
  readonly help: string
}

const DEFINITIONS: Readonly<Record<string, FaultDefinition>> = {
  latency: { field: 'latencyMs', unit: 'MS', help: 'wait before every inference request' },
  hang: { field: 'hangRate', unit: 'RATE', help: 'never answer' },
  error: { field: 'errorRate', unit: 'RATE', help: 'answer with a 500' },
  reset: { field: 'resetRate', unit: 'RATE', help: 'reset the connection while the answer is generated' },
  'crash-after': { field: 'crashAfter', unit: 'N', help: 'serve N inference requests; the next one takes the replica down' },
  'slow-metrics': { field: 'slowMetricsMs', unit: 'MS', help: 'wait before every metrics page' },
}

/** A line for each fault, for the command's help. */
export const FAULTS_HELP: string = Object.entries(DEFINITIONS)
  .map(([name, { unit, help }]) => `  ${`${name}=${unit}`.padEnd(18)}${help}`)
  .join('\n')

/** Throws a RangeError that names the part that does not fit. */
export function parseFaults(spec: string): Faults {
  const faults: Record<keyof Faults, number> = { ...NO_FAULTS }
  for (const part of spec.split(',')) {
    const [name = '', text = ''] = part.split('=').map((side) => side.trim())
    const definition = Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name] : undefined
    if (definition === undefined) throw new RangeError(`unknown fault "${part}"; there are: ${Object.keys(DEFINITIONS).join(', ')}`)
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
    if (!fits(value, definition.unit)) throw new RangeError(`fault "${part}": ${EXPECTED[definition.unit]} is expected after "${name}="`)
    faults[definition.field] = value
  }
  return faults
}

const EXPECTED = { MS: 'a number of milliseconds', RATE: 'a share from 0 to 1', N: 'a whole number' } as const

function fits(value: number, unit: FaultDefinition['unit']): boolean {
  if (unit === 'RATE') return value >= 0 && value <= 1
  return unit === 'MS' ? value >= 0 : Number.isSafeInteger(value)
}
