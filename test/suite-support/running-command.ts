/** A command that runs beside the tests: what it wrote, how it ended, and its end by its own id, whatever becomes of the tests. */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Written to its stdin, which is then closed. */
  readonly input?: string | Uint8Array
  /** Ended by force after this long. Default: a minute. */
  readonly timeoutMs?: number
}

export interface CommandEnd {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const TIMEOUT_MS = 60_000
const STOP_GRACE_MS = 5_000

export class RunningCommand implements AsyncDisposable {
  stdout = ''
  stderr = ''
  /** Rejects if it cannot be started. */
  readonly end: Promise<CommandEnd>
  readonly #child: ChildProcessWithoutNullStreams

  constructor(command: string, args: readonly string[], options: CommandOptions = {}) {
    const child = spawn(command, args, { ...(options.cwd === undefined ? {} : { cwd: options.cwd }), env: options.env ?? process.env })
    this.#child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    // It may end, or answer, before it has read everything.
    child.stdin.on('error', () => {}).end(options.input)
    this.end = this.#watch(options.timeoutMs ?? TIMEOUT_MS)
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Asks it to end, and insists after a while. */
  async stop(): Promise<CommandEnd> {
    this.kill('SIGTERM')
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_GRACE_MS)
    const end = await this.end
    clearTimeout(timer)
    return end
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #watch(timeoutMs: number): Promise<CommandEnd> {
    const child = this.#child
    const kill = (): void => void child.kill('SIGKILL')
    const timer = setTimeout(kill, timeoutMs)
    process.once('exit', kill)
    const { promise, resolve, reject } = Promise.withResolvers<CommandEnd>()
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }))
    return promise.finally(() => {
      clearTimeout(timer)
      process.off('exit', kill)
    })
  }
}

/** Runs a command to its end. */
export function runCommand(command: string, args: readonly string[], options?: CommandOptions): Promise<CommandEnd> {
  return new RunningCommand(command, args, options).end
}
