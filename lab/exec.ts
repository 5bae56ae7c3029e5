/** lab exec, shell, push and pull: into dom0 and back. */
import { attached } from './run.ts'
import { labName, labPlace } from './place.ts'
import { connect, quoted, scpCommand, sshCommand, type SshTarget } from './ssh.ts'
import { runningTarget } from './state.ts'

async function reachable(): Promise<SshTarget> {
  const target = runningTarget(labPlace(labName()))
  if (!(await connect(target))) throw new Error(`the lab "${target.place.name}" does not answer; run: lab/lab up`)
  return target
}

/** Runs a command in dom0. One word is a script for dom0's shell; several are a program and its arguments, as they are. */
export async function exec(args: readonly string[]): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args
  const [only = '', ...others] = words
  if (words.length === 0) throw new Error('exec what? usage: lab/lab exec [--] CMD…')
  return attached(sshCommand(await reachable(), others.length === 0 ? only : words.map(quoted).join(' ')))
}

/** A shell in dom0, on this terminal. */
export async function shell(): Promise<number> {
  return attached(sshCommand(await reachable(), 'exec bash -l', process.stdin.isTTY ? ['-t'] : ['-T']))
}

/** Copies a file or directory into dom0. */
export async function push([source, destination]: readonly string[]): Promise<number> {
  if (source === undefined || destination === undefined) throw new Error('usage: lab/lab push SRC DST')
  return attached(scpCommand(await reachable(), source, `dom0:${destination}`))
}

/** Copies a file or directory out of dom0. */
export async function pull([source, destination]: readonly string[]): Promise<number> {
  if (source === undefined || destination === undefined) throw new Error('usage: lab/lab pull SRC DST')
  return attached(scpCommand(await reachable(), `dom0:${source}`, destination))
}
