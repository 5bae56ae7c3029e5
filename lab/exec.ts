/** lab exec, shell, push and pull: into dom0 and back. */
import { asScript, dom0, reachable } from './dom0.ts'
import { attached } from './run.ts'
import { sshCommand } from './ssh.ts'

/** Runs a command in dom0. One word is a script for dom0's shell; several are a program and its arguments, as they are. */
export async function exec(args: readonly string[]): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args
  const [first] = words
  if (first === undefined) throw new Error('exec what? usage: lab/lab exec [--] CMD…')
  return attached(sshCommand(await reachable(), asScript(words.length === 1 ? first : words)))
}

/** A shell in dom0, on this terminal. */
export async function shell(): Promise<number> {
  return attached(sshCommand(await reachable(), 'exec bash -l', process.stdin.isTTY ? ['-t'] : ['-T']))
}

/** Copies a file or directory into dom0. */
export async function push([source, destination]: readonly string[]): Promise<number> {
  if (source === undefined || destination === undefined) throw new Error('usage: lab/lab push SRC DST')
  await dom0.push(source, destination)
  return 0
}

/** Copies a file or directory out of dom0. */
export async function pull([source, destination]: readonly string[]): Promise<number> {
  if (source === undefined || destination === undefined) throw new Error('usage: lab/lab pull SRC DST')
  await dom0.pull(source, destination)
  return 0
}
