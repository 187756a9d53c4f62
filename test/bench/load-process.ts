/** `headgate bench` as a process of its own that loads nothing of the gateway: what the benchmarks start beside the gateway under test. */
import { benchCommand } from '#/commands/bench.ts'

await benchCommand().parseAsync()
