/** The root command with every subcommand; also what the CLI reference is generated from. */
import { Command } from 'commander'
import { benchCommand } from '#/commands/bench.ts'
import { simCommand } from '#/commands/sim.ts'
import { upCommand } from '#/commands/up.ts'
import { VERSION } from '#/app/version.ts'

export function createProgram(): Command {
  const program = new Command('headgate')
    .description('Inference gateway for fleets of LLM model servers.')
    .version(VERSION, '-V, --version', 'print the version and exit')
    .helpOption('-h, --help', 'print help and exit')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  headgate up                                        demo: 4 simulated model servers and the gateway in front of them
  headgate up http://10.0.0.1:8000 http://10.0.0.2:8000   a pool over two model servers, no configuration
  headgate sim --replicas 8 --port 9000              simulated vLLM servers on ports 9000 to 9007
  headgate bench --help                              load and replay

Exit codes: 0 done, 1 failed, 2 wrong usage.`,
    )
    .addCommand(upCommand())
    .addCommand(simCommand())
    .addCommand(benchCommand())
  applyToAll(program)
  return program
}

/** commander does not hand these down to commands that were made apart. Its own code for wrong usage is 1, which is what failures have here. */
function applyToAll(command: Command): void {
  command.showHelpAfterError('(add --help for the options)').exitOverride((error) => {
    process.exit(error.code.startsWith('commander.') && error.exitCode === 1 && error.code !== 'commander.error' ? 2 : error.exitCode)
  })
  for (const child of command.commands) applyToAll(child)
}
