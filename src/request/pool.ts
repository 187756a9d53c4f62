/** A pool: the endpoints that serve the same models, and the scheduling graph that chooses among them. */
import type { SchedulingGraph } from '#/request/schedule/scheduling-graph.ts'

export interface Pool {
  /** `namespace/name`. */
  readonly name: string
  /** Slots of the members in ascending order; replaced as a whole when membership changes. */
  slots: Uint16Array
  /** Replaced as a whole when the configuration is reloaded; an attempt keeps the graph that it was made with. */
  graph: SchedulingGraph
}
