#!/usr/bin/env node
/** The command line: one subcommand a file in `commands/`. */
import { createProgram } from '#/commands/program.ts'

await createProgram().parseAsync()
