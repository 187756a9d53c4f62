/** `headgate bench`: tools that measure; each subcommand has a file of its own. */
import { Command } from 'commander'
import { benchLoadCommand } from '#/commands/bench-load.ts'
import { benchReplayCommand } from '#/commands/bench-replay.ts'

export function benchCommand(): Command {
  return new Command('bench')
    .description('Measure a gateway or a model server.')
    .helpCommand(false)
    .addCommand(benchLoadCommand())
    .addCommand(benchReplayCommand())
}
