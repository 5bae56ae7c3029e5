/**
 * Programs that are told of events: every executable in the hooks folder is run with one event at a time as JSON on its
 * standard input.
 *
 * Promises: a program reads the events with a cursor of its own, so that a slow one delays nobody but itself, and learns
 * by a `lost` event what it missed; it is ended with all that it started when its time is over; what it prints is logged, bounded.
 * Never: makes an operation wait, or runs what somebody else than root may have written.
 */
import { spawn } from 'node:child_process'
import { type FSWatcher, watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Event } from '../api/event.ts'
import { escapeControl } from '../words/escape-control.ts'
import type { EventBus } from './events.ts'

export interface HooksOptions {
  readonly folder: string
  readonly bus: EventBus
  readonly log: Logger
  /** Time for one program with one event, milliseconds. */
  readonly hookMs: number
  /** Output of one run that is logged, bytes. */
  readonly hookOutputBytes: number
}

/** As run-parts(8): what editors and packages leave behind (web~, web.dpkg-old) is no program. */
const PROGRAM = /^[A-Za-z0-9_-]{1,100}$/
/** S_IWGRP | S_IWOTH (inode(7)). */
const WRITABLE_BY_OTHERS = 0o022
const EXECUTABLE = 0o111
const SETTLE_MS = 200

export class Hooks implements AsyncDisposable {
  readonly #options: HooksOptions
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>()
  #watcher: FSWatcher | null = null
  #settling: NodeJS.Timeout | undefined

  constructor(options: HooksOptions) {
    this.#options = options
  }

  /** Begins to tell the programs of what happens from now on. A folder that is not there is no error. */
  async begin(): Promise<void> {
    const { folder } = this.#options
    try {
      this.#watcher = watch(folder, () => {
        clearTimeout(this.#settling)
        this.#settling = setTimeout(() => void this.#look(), SETTLE_MS).unref()
      })
      this.#watcher.unref()
    } catch {
      return
    }
    await this.#look()
  }

  /** Ends the programs that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher?.close()
    clearTimeout(this.#settling)
    const running = [...this.#running.values()]
    for (const { stop } of running) stop.abort()
    await Promise.all(running.map(({ ended }) => ended))
  }

  async #look(): Promise<void> {
    const { folder, log } = this.#options
    const names = (await readdir(folder).catch(() => [])).filter((name) => PROGRAM.test(name))
    const trusted = new Set<string>()
    for (const name of names) {
      const why = await whyNot(join(folder, name))
      if (why === null) trusted.add(name)
      else log.warn({ hook: name }, `hook ${name} is not run: ${why}`)
    }
    for (const [name, { stop }] of this.#running) if (!trusted.has(name)) stop.abort()
    for (const name of trusted) if (!this.#running.has(name)) this.#follow(name)
  }

  #follow(name: string): void {
    const stop = new AbortController()
    const ended = this.#tell(name, stop.signal).finally(() => this.#running.delete(name))
    this.#running.set(name, { stop, ended })
  }

  async #tell(name: string, signal: AbortSignal): Promise<void> {
    const { bus, log, folder } = this.#options
    // From here on, also what happens before the first turn of the loop.
    for await (const event of bus.since(bus.newest, signal)) {
      if (!isForHooks(event)) continue
      const trouble = await runHook(join(folder, name), event, { ...this.#options, signal })
      if (trouble !== null && !signal.aborted)
        log.warn({ hook: name, event: event.kind, ...trouble }, `hook ${name} ${trouble.what}`)
    }
  }
}

const UNDER_WAY: ReadonlySet<string> = new Set(['queued', 'running'])

/** The stages of a task are for those who watch it. */
const isForHooks = (event: Event): boolean => event.kind !== 'task' || !UNDER_WAY.has(event.state)

async function whyNot(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) return 'it is no file'
  if (found.uid !== 0 && found.uid !== process.getuid?.()) return 'it does not belong to root'
  if ((found.mode & WRITABLE_BY_OTHERS) !== 0) return 'others than root may write it'
  return (found.mode & EXECUTABLE) === 0 ? 'it is not executable' : null
}

interface Trouble {
  readonly what: string
  readonly output: string
}

/** Runs one program with one event; null when it ended well. */
async function runHook(
  path: string,
  event: Event,
  { hookMs, hookOutputBytes, signal }: HooksOptions & { readonly signal: AbortSignal },
): Promise<Trouble | null> {
  // A group of its own, so that whatever it starts ends with it.
  const child = spawn(path, [event.kind], { detached: true, cwd: '/', env: environment(event), stdio: 'pipe' })
  const output: Buffer[] = []
  let bytes = 0
  const keep = (chunk: Buffer): void => {
    if (bytes < hookOutputBytes) output.push(chunk.subarray(0, hookOutputBytes - bytes))
    bytes += chunk.length
  }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', keep)
  // One that reads nothing closes the pipe.
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${JSON.stringify(event)}\n`)
  const { promise, resolve } = Promise.withResolvers<string | null>()
  child.once('error', (error) => resolve(`cannot be run: ${error.message}`))
  // Not "close": a grandchild that holds the pipe would keep us waiting.
  child.once('exit', (code, killed) => resolve(code === 0 ? null : `failed with ${killed ?? `exit code ${code}`}`))
  const overdue = setTimeout(() => resolve(`was ended after ${hookMs} ms`), hookMs)
  const stopped = () => resolve('was ended')
  signal.addEventListener('abort', stopped)
  if (signal.aborted) stopped()
  const what = await promise
  clearTimeout(overdue)
  signal.removeEventListener('abort', stopped)
  endGroup(child.pid)
  for (const stream of [child.stdout, child.stderr]) stream.destroy()
  return what === null ? null : { what, output: escapeControl(Buffer.concat(output).toString('utf8')) }
}

const environment = (event: Event): NodeJS.ProcessEnv => ({
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  TETRARCH_EVENT: event.kind,
  TETRARCH_GUEST: 'guest' in event ? event.guest : '',
})

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended, and so has all that it started.
  }
}
