/**
 * dom0 as tests and benchmarks see it. Every call goes over the lab's one open ssh connection, so it costs what a
 * process start in dom0 costs. The lab is the one that LAB names; it must be up.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { labName, labPlace } from './place.ts'
import { send } from './exchange.ts'
import { capture, type Outcome, output, timedOut } from './run.ts'
import { connect, quoted, scpCommand, sshCommand, type SshTarget } from './ssh.ts'
import { runningTarget } from './state.ts'

export interface ExecOptions {
  readonly stdin?: string
  /** Milliseconds until the command and its children are killed in dom0; its code is then 124. Default: 120 000. */
  readonly timeoutMs?: number
}

export interface WaitOptions {
  /** Milliseconds until it is an error. Default: 60 000. */
  readonly timeoutMs?: number
  /** Milliseconds between two looks. Default: 200. */
  readonly everyMs?: number
}

const execTimeoutMs = 120_000
const waitTimeoutMs = 60_000
const waitEveryMs = 200
/** What the way there and back may take on a busy machine, beyond the command's own time. */
const wayMs = 30_000

/** ssh's own exit code when the connection fails (ssh(1), EXIT STATUS). */
const sshFailed = 255

let shared: Promise<SshTarget> | undefined

/** The way into the lab's dom0, with the shared connection open. Throws when the lab is not up. */
export function reachable(): Promise<SshTarget> {
  shared ??= openConnection().catch((error: unknown) => {
    shared = undefined
    throw error
  })
  return shared
}

async function openConnection(): Promise<SshTarget> {
  const target = runningTarget(labPlace(labName()))
  if (!(await connect(target))) throw new Error(`the lab "${target.place.name}" does not answer; run: lab/lab up`)
  return target
}

/** A command as dom0's shell gets it: a text is a script, a list is a program with its arguments as they are. */
export function asScript(command: string | readonly string[]): string {
  return typeof command === 'string' ? command : command.map(quoted).join(' ')
}

/** Runs a command in dom0 as root. Rejects only when dom0 cannot be reached. */
async function exec(command: string | readonly string[], options: ExecOptions = {}): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? execTimeoutMs
  const script = `timeout -k 5 ${String(timeoutMs / 1000)} bash -c ${quoted(asScript(command))}`
  const ssh = sshCommand(await reachable(), script)
  const outcome = await capture(ssh, { stdin: options.stdin ?? '', timeoutMs: timeoutMs + wayMs })
  if (outcome.code !== sshFailed) return outcome
  shared = undefined
  throw new Error(`dom0 cannot be reached: ${outcome.stderr.trim()}`)
}

/** Runs a script in dom0 that must succeed; returns what it printed, without the last newline. */
async function sh(script: string, options: ExecOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await exec(script, options)
  if (code === 0) return stdout.replace(/\n$/, '')
  const how = code === timedOut ? 'took too long' : `exit ${String(code)}`
  throw new Error(`in dom0: ${script.trim()}: ${how}\n${stderr.trim()}\n${stdout.trim()}`)
}

/** Copies a file or directory into dom0, as cp(1) -a does it: into `destination` when that is a directory. */
async function push(source: string, destination: string): Promise<void> {
  await send(await reachable(), source, destination)
}

/** Copies a file or directory out of dom0. */
async function pull(source: string, destination: string): Promise<void> {
  await output(scpCommand(await reachable(), source, destination))
}

/** Looks until `look` gives something other than undefined or false, and returns it. `what` is for the error. */
async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  options: WaitOptions = {},
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? waitTimeoutMs
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (Date.now() > deadline) throw new Error(`waited ${String(timeoutMs / 1000)} s in vain for ${what}`)
    await delay(options.everyMs ?? waitEveryMs)
  }
}

export const dom0 = { exec, sh, push, pull, waitFor }
