/** The processes that a benchmark starts: pinned to a core where taskset is there, and ended by their own id whatever happens. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface StartedProcess {
  readonly pid: number
  /** The first line that it writes to stdout. */
  firstLine(): Promise<string>
  /** What it said last, if it has ended by itself. */
  lastWords(): string | undefined
  stop(): Promise<void>
}

const STOP_GRACE_MS = 5000
const KEPT_ERROR_CHARS = 2000

export class ChildProcesses {
  readonly #children = new Set<ChildProcess>()
  #isClosed = false
  readonly #hasTaskset: boolean = spawnSync('taskset', ['-V']).status === 0

  get canPin(): boolean {
    return this.#hasTaskset
  }

  /** Starts a server. Throws if it cannot be started. */
  start(core: number, command: string, args: readonly string[]): StartedProcess {
    const child = this.#spawn(core, command, args)
    const { pid } = child
    if (pid === undefined) throw new Error(`cannot start ${command}`)
    let errors = ''
    child.stderr?.on('data', (text: string) => (errors = (errors + text).slice(-KEPT_ERROR_CHARS)))
    return {
      pid,
      firstLine: () => firstLineOf(child, () => errors),
      lastWords: () => (child.exitCode === null && child.signalCode === null ? undefined : errors),
      stop: () => this.#stop(child),
    }
  }

  /** Runs a command to its end and returns what it wrote to stdout. Throws with its stderr if it does not end well within `timeoutMs`. */
  async run(core: number, command: string, args: readonly string[], timeoutMs: number): Promise<string> {
    const child = this.#spawn(core, command, args)
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    let output = ''
    let errors = ''
    child.stdout?.on('data', (text: string) => (output += text))
    child.stderr?.on('data', (text: string) => (errors += text))
    const [code] = await once(child, 'close')
    clearTimeout(timer)
    if (code !== 0)
      throw new Error(
        `${command} ${args.join(' ')} ended with ${String(code)}: ${errors.slice(-KEPT_ERROR_CHARS)}${output.slice(0, KEPT_ERROR_CHARS)}`,
      )
    return output
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#stop(child)))
  }

  /** Stops all and starts none from here on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.stopAll()
  }

  #spawn(core: number, command: string, args: readonly string[]): ChildProcess {
    if (this.#isClosed) throw new Error('interrupted')
    const pinned = this.#hasTaskset ? ['taskset', '-c', String(core), command, ...args] : [command, ...args]
    const child = spawn(pinned[0]!, pinned.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8')
    child.stderr.setEncoding('utf8')
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    child.once('error', () => this.#children.delete(child))
    return child
  }

  async #stop(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
    await closed
    clearTimeout(timer)
  }
}

function firstLineOf(child: ChildProcess, errors: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (piece: string) => {
      text += piece
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    child.once('close', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${errors()}`)))
  })
}
