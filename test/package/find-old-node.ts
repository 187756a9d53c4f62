/** A Node that is too old for the package: one that the machine has, or else this one under an old name. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../suite-support/running-command.ts'

export interface OldNode {
  readonly command: string
  readonly args: readonly string[]
  readonly version: string
}

const FIRST_MAJOR = 24

/** `path`: folders to look in. `folder`: where a file may be written. */
export async function findOldNode(path: readonly string[], folder: string): Promise<OldNode> {
  for (const command of path.map((place) => join(place, 'node'))) {
    const end = await runCommand(command, ['--print', 'process.versions.node']).catch(() => undefined)
    const version = end?.stdout.trim() ?? ''
    if (Number.parseInt(version, 10) < FIRST_MAJOR) return { command, args: [], version }
  }
  const version = '20.0.0'
  const disguise = join(folder, 'disguise.cjs')
  await writeFile(disguise, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })\n`)
  return { command: process.execPath, args: ['--require', disguise], version }
}
