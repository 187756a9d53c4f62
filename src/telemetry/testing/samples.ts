/** A metrics page as a test reads it: one value for each series, by its name and labels as they stand there. */
import type { Metrics } from '#/telemetry/metrics.ts'

export type Samples = ReadonlyMap<string, number>

export async function readSamples(metrics: Metrics): Promise<Samples> {
  const lines = (await metrics.expose()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** The series of one metric. */
export function seriesOf(samples: Samples, name: string): string[] {
  return [...samples.keys()].filter((series) => series === name || series.startsWith(`${name}{`))
}
