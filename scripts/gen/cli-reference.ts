/** `docs/reference/cli.md`: the help of every command, as the command line prints it. */
import type { Command } from 'commander'
import { createProgram } from '#/commands/program.ts'

export function renderCliReference(): string {
  const sections: string[] = []
  visit(createProgram(), '', sections)
  return `# Command line

In a clone: \`npm run -s headgate -- COMMAND ...\`. Installed: \`headgate COMMAND ...\`.

${sections.join('\n')}`
}

function visit(command: Command, parent: string, sections: string[]): void {
  const name = `${parent} ${command.name()}`.trim()
  sections.push(`## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`)
  for (const child of command.commands) visit(child, name, sections)
}

/** At a fixed width, with the texts that are added after the options. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 110, getOutHasColors: () => false })
  command.outputHelp()
  return text.trimEnd()
}
