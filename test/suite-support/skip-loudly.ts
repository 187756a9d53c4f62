/** For what this machine does not have and cannot get: a skip that nobody overlooks, and a failure where CI has to have everything. */

/** The `skip` option of a suite. `lack`: what is missing and why; undefined: nothing is. */
export function skipLoudly(suite: string, lack: string | undefined): string | false {
  if (lack === undefined) return false
  if (process.env['CI'] === 'true') throw new Error(`${suite} cannot run: ${lack}. With CI=true nothing is skipped.`)
  console.error(`!!! SKIPPED: ${suite}: ${lack}`)
  return lack
}
