/**
 * A program out of a Debian package, unpacked into `.cache/`: nothing is installed, no service is started, and no rights are needed unless
 * apt has no package lists yet. For programs that need no library beyond libc.
 */
import { access, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { runCommand } from './running-command.ts'
import type { CommandEnd } from './running-command.ts'

/** `path` is inside the package, as `usr/bin/promtool`. Returns where the program is; rejects with the reason if it cannot be had. */
export async function fetchDebianProgram(packageName: string, path: string): Promise<string> {
  const folder = resolve('.cache/debian', packageName)
  const program = join(folder, path)
  if (await exists(program)) return program
  await mkdir(folder, { recursive: true })
  const download = (): Promise<CommandEnd> => runCommand('apt-get', ['download', '--quiet', packageName], { cwd: folder })
  let end = await download()
  if (end.code !== 0) {
    await runCommand('apt-get', ['update', '--quiet'])
    end = await download()
  }
  if (end.code !== 0) throw new Error(`apt-get download ${packageName} failed: ${end.stderr.trim()}`)
  const unpack = 'dpkg-deb --fsys-tarfile "$1"_*.deb | tar --extract "./$2" && rm "$1"_*.deb'
  const unpacked = await runCommand('sh', ['-c', unpack, 'sh', packageName, path], { cwd: folder })
  if (unpacked.code !== 0) throw new Error(`${packageName} cannot be unpacked: ${unpacked.stderr.trim()}`)
  return program
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
