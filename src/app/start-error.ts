/** The gateway cannot start, for a reason that the operator can mend: printed without a stack. */

export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartError'
  }
}

/** What a failed `listen` means for the operator. `flag` is the option that chooses the port. */
export function toStartError(error: unknown, host: string, port: number, flag: string): StartError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return new StartError(`port ${port} on ${host} is taken; choose another one with ${flag}`, { cause: error })
  if (code === 'EACCES')
    return new StartError(`no permission to listen on port ${port}; choose one above 1023 with ${flag}`, { cause: error })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartError(`${host} is no address of this machine; choose one with ${flag.replace('port', 'host')}`, { cause: error })
  }
  return new StartError(`cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
