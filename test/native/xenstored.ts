/** The two real xenstoreds of Debian 12 (packages xen-utils-4.17 and strace), each in a directory of its own and without Xen. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export type XenstoredKind = 'xenstored' | 'oxenstored'

export interface RealXenstored {
  readonly socket: string
  /** Kills the daemon, which forgets its store. */
  stop(): Promise<void>
  /** A new daemon with an empty store on the same socket. */
  start(): Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'xenstored-without-xen.sh')
const namespaces = [
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
]

export async function startXenstored(kind: XenstoredKind): Promise<RealXenstored> {
  const dir = await mkdtemp(join(tmpdir(), 'tetrarch-xenstored-'))
  const socket = join(dir, 'run/xenstored/socket')
  let daemon: ChildProcess | undefined

  const start = async () => {
    const started = spawn('unshare', [...namespaces, 'sh', SCRIPT, kind, dir], { stdio: ['ignore', 'ignore', 'pipe'] })
    daemon = started
    let said = ''
    started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    while (!existsSync(socket)) {
      if (started.exitCode !== null) throw new Error(`${kind} ended with ${started.exitCode}: ${said}`)
      await sleep(5)
    }
  }
  const stop = async () => {
    if (daemon?.exitCode === null && daemon.kill('SIGKILL')) await once(daemon, 'exit')
    daemon = undefined
    await rm(dir, { recursive: true, force: true })
  }
  await start()
  return { socket, start, stop }
}
