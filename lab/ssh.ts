/** The way into dom0: one ssh connection per lab, kept open, which every command shares. */
import { existsSync } from 'node:fs'
import type { LabPlace } from './place.ts'
import { capture, type Outcome } from './run.ts'

/** What is needed to reach a lab's dom0. */
export interface SshTarget {
  readonly place: LabPlace
  readonly port: number
  readonly sshKey: string
}

const connectDeadlineMs = 15_000

function options({ place, port, sshKey }: SshTarget): readonly string[] {
  return [
    ...['-F', 'none', '-i', sshKey, '-o', 'IdentitiesOnly=yes', '-o', `ControlPath=${place.sshSocket}`],
    // Reached over 127.0.0.1 only, and made anew with every build
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
    ...['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', `Port=${String(port)}`],
  ]
}

/** The command that runs `script` with dom0's shell. */
export function sshCommand(target: SshTarget, script: string, tty: readonly string[] = ['-T']): readonly string[] {
  return ['ssh', ...options(target), ...tty, 'root@127.0.0.1', script]
}

/** The command that copies a file or directory out of dom0 with scp(1). */
export function scpCommand(target: SshTarget, from: string, to: string): readonly string[] {
  return ['scp', '-q', '-r', '-p', ...options(target), `root@127.0.0.1:${from}`, to]
}

/** Opens the shared connection; does nothing when it is open. Returns whether it is open now. */
export async function connect(target: SshTarget): Promise<boolean> {
  if (existsSync(target.place.sshSocket) && (await control(target, 'check')).code === 0) return true
  // -f: the connection goes to the background when it stands, and holds none of our pipes.
  const { code } = await capture(['ssh', ...options(target), '-o', 'ControlMaster=yes', '-fN', 'root@127.0.0.1'], {
    timeoutMs: connectDeadlineMs,
  })
  return code === 0
}

/** Closes the shared connection, if there is one. */
export async function disconnect(target: SshTarget): Promise<void> {
  if (existsSync(target.place.sshSocket)) await control(target, 'exit')
}

function control(target: SshTarget, request: 'check' | 'exit'): Promise<Outcome> {
  return capture(['ssh', ...options(target), '-O', request, 'root@127.0.0.1'], { timeoutMs: connectDeadlineMs })
}

/** A word as the shell reads it back unchanged. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Makes a Unix socket of dom0 reachable at a path of this machine, for as long as the shared connection lives. */
export async function forwardSocket(target: SshTarget, local: string, remote: string): Promise<void> {
  const way = ['-o', 'StreamLocalBindUnlink=yes', '-L', `${local}:${remote}`]
  const { code, stderr } = await capture(['ssh', ...options(target), '-O', 'forward', ...way, 'root@127.0.0.1'], {
    timeoutMs: connectDeadlineMs,
  })
  if (code !== 0) throw new Error(`cannot forward ${remote} of dom0 to ${local}: ${stderr.trim()}`)
}
