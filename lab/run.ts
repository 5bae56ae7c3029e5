/** Running programs of the machine, and saying how long things took. */
import { spawn } from 'node:child_process'

/** How a program ended and what it printed. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Milliseconds after which the program is killed; the code is then 124, as with timeout(1). Default: none. */
  readonly timeoutMs?: number
}

/** Exit code of a program that was stopped at its deadline (timeout(1)). */
export const timedOut = 124

/** Runs a program to its end and collects what it prints. Rejects only if it cannot be started. */
export function capture(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: 'pipe' })
    const texts = { stdout: '', stderr: '' }
    let late = false
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(expire, options.timeoutMs)
    function expire() {
      late = true
      child.kill('SIGKILL')
    }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text))
    }
    child.stdin.on('error', () => undefined) // a program that does not read its input is no failure
    child.stdin.end(options.stdin)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code: late ? timedOut : (code ?? (signal === 'SIGINT' ? 130 : 137)), ...texts })
    })
  })
}

/** Runs a program that must succeed; returns what it printed, without the last newline. */
export async function output(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await capture(command, options)
  if (code !== 0) {
    throw new Error(`${command.join(' ')}: exit ${code}\n${(stderr.trim() || stdout.trim()).slice(-4000)}`)
  }
  return stdout.replace(/\n$/, '')
}

/** Runs a program with this process's own input and output; returns its exit code. */
export function attached(command: readonly string[], options: { readonly cwd?: string } = {}): Promise<number> {
  const [program = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', cwd: options.cwd })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 137)))
  })
}

/** Says a line to the user. Standard output belongs to the commands that `exec` runs, so this goes to standard error. */
export function say(line: string): void {
  process.stderr.write(`lab: ${line}\n`)
}

/** Does something, and says what it was and how long it took. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  if (process.stderr.isTTY) process.stderr.write(`lab: ${what} …\r`)
  else say(`${what} …`)
  const result = await work()
  say(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

/** A command that sees itself as root: as it is for root, else in a user namespace with the user's subordinate ids. */
export function inNamespace(command: readonly string[]): readonly string[] {
  return process.getuid?.() === 0 ? command : ['mmdebstrap', '--unshare-helper', ...command]
}
