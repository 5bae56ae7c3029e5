/** Runs the command line as users do: a process, its words, its exit status. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CLI } from '../built-cli.ts'

/** Compiled sources are kept for the next run, which begins twice as fast then. */
const COMPILED = fileURLToPath(new URL('../../build/compile-cache', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly socket: string
  /** Given on stdin, which then ends. */
  readonly input?: string
  readonly cwd?: string
  /** Beside what every run has. */
  readonly env?: Readonly<Record<string, string>>
  /** Told all of stdout after each piece of it. */
  readonly onSaid?: (stdout: string) => void
}

/** In pipes. */
export function runCli(args: readonly string[], options: RunOptions): Promise<Ran> {
  return run(process.execPath, [CLI, ...args], options)
}

/** In a terminal of 80 columns; both streams are one there. `type` writes keys to it as soon as the text was seen. */
export async function runInTerminal(
  args: readonly string[],
  options: RunOptions & {
    readonly type?: readonly (readonly [seen: string, keys: string])[]
    readonly program?: string
  },
): Promise<Ran> {
  const words = [process.execPath, options.program ?? CLI, ...args].map((word) => `'${word}'`).join(' ')
  return run('script', ['-qec', `stty cols 80 rows 24; exec ${words}`, '/dev/null'], options, options.type)
}

function run(
  program: string,
  args: readonly string[],
  { socket, input, cwd, env: more, onSaid }: RunOptions,
  type: readonly (readonly [seen: string, keys: string])[] = [],
): Promise<Ran> {
  const env = {
    PATH: process.env['PATH'],
    TERM: 'xterm-256color',
    TETRARCH_SOCKET: socket,
    NODE_COMPILE_CACHE: COMPILED,
    ...more,
  }
  const child = spawn(program, args, { env, ...(cwd !== undefined && { cwd }) })
  const said = { stdout: '', stderr: '' }
  const typing = [...type]
  child.stdout.on('data', (bytes: Buffer) => {
    said.stdout += bytes.toString()
    onSaid?.(said.stdout)
    const [next] = typing
    if (next === undefined || !said.stdout.includes(next[0])) return
    typing.shift()
    child.stdin.write(next[1])
  })
  child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()))
  if (type.length === 0) child.stdin.end(input)
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })))
}
