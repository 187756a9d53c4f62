/** The kinds of model server that can be simulated. The engine underneath is the same for all. */
import type { Dialect } from '#/sim/http/dialect.ts'
import { vllm } from '#/sim/http/vllm/dialect.ts'

export type DialectName = 'vllm'

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = { vllm }
