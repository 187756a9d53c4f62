/** Compiles `src/` into `dist/`, which is what the package publishes: Node runs no TypeScript from node_modules. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' })
