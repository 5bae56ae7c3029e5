import { accessSync, constants } from 'node:fs'
import { type Client, createClient } from '../api/client.ts'
import { Terminal } from './render/terminal.ts'

const SOCKET = '/run/tetrarch/tetrarchd.sock'
const READ_ONLY_SOCKET = '/run/tetrarch/tetrarchd-ro.sock'

export interface GlobalOptions {
  readonly socket: string | null
  readonly json: boolean
  readonly quiet: boolean
}

/** What a command works with. */
export interface Context extends Disposable {
  readonly client: Client
  readonly json: boolean
  readonly quiet: boolean
  readonly out: Terminal
  readonly err: Terminal
  /** Prints a value as JSON if --json was given, else the lines. */
  show(value: unknown, lines: () => readonly string[]): void
  /** A remark for people: on stderr, and not with --json or --quiet. */
  note(line: string): void
}

export function createContext({ socket, json, quiet }: GlobalOptions): Context {
  const client = createClient({ socketPath: socket ?? process.env['TETRARCH_SOCKET'] ?? usableSocket() })
  const out = new Terminal(process.stdout)
  const err = new Terminal(process.stderr)
  return {
    client,
    json,
    quiet,
    out,
    err,
    show: (value, lines) => (json ? out.print(JSON.stringify(value, null, 2)) : out.print(...lines())),
    note: (line) => {
      if (!quiet && !json) err.print(line)
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  }
}

/** The full socket, or the read-only one for a user who may open only that. */
function usableSocket(): string {
  return mayOpen(SOCKET) || !mayOpen(READ_ONLY_SOCKET) ? SOCKET : READ_ONLY_SOCKET
}

function mayOpen(socket: string): boolean {
  try {
    accessSync(socket, constants.W_OK)
    return true
  } catch {
    return false
  }
}
