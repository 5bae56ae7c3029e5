/**
 * A guest's console, of which the daemon is the only reader: two readers of a pty would each get half.
 *
 * Promises: every byte from the first on goes into the log, the last ones stay in memory, and all who are attached get
 * the same. A guest that floods its console costs bounded memory and disk. The end of the guest is an end, no error.
 * A terminal that goes away while the guest lives, as at a restart of xenconsoled, is replaced and nobody notices.
 * Never: interprets what a guest says, or shows it unescaped other than to those who attached.
 */
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainLines } from '../../words/escape-control.ts'
import { ConsoleLog, type ConsoleLogOptions } from './console-log.ts'

export interface GuestConsoleOptions extends ConsoleLogOptions {
  /** Output, in bytes, that is kept in memory for those who attach later. */
  readonly historyBytes: number
  /** Input, in bytes, that may wait for a guest that does not read; what comes on top is dropped. Default: 64 KiB. */
  readonly inputBytes?: number
  /** Asked when the terminal hung up: `wait` for another one (`replaceTerminal`), or take it for the guest's end, which is the default. */
  readonly onHangUp?: () => 'wait' | 'end'
  /** Called once when the console is closed. */
  readonly onClose?: () => void
  /** Called when the last of those who attached has left. */
  readonly onDeserted?: () => void
  /** Put into the log before the first byte, to tell one run of the guest from the next. */
  readonly heading?: string
  /** Told once when the log cannot be written any more, such as on a full disk; the console goes on without it. */
  readonly onLogLost?: (error: unknown) => void
}

export interface ConsoleClient {
  /** What the guest said last before this client came. */
  readonly history: Buffer
  onData(listener: (bytes: Buffer) => void): void
  /** Called once when the console has ended, at once if it has already. */
  onEnd(listener: () => void): void
  /** Types into the guest. Who may, when several want to, is decided above. */
  write(bytes: Buffer): void
  detach(): void
}

interface Listeners {
  data: ((bytes: Buffer) => void) | undefined
  end: (() => void) | undefined
}

const INPUT_BYTES = 64 * 1024
/** How Linux says that it cannot go on (kernel/panic.c, die). */
const DEATHS = /Kernel panic - not syncing|Oops: |BUG: |Attempted to kill init/
/** How far from the end that is looked for. */
const LINES_OF_A_DEATH = 200
/** A console that said nothing for so long has no more to say. */
const QUIET_MS = 100
/** The longest line that `tail` gives, in characters. */
const LINE_LENGTH = 1_000

/**
 * Begins to read a terminal, into the log of this name or into none; the log is opened while the terminal may still have to
 * appear. Rejects as the terminal does, or with the system's error when the log cannot be opened.
 */
export async function openGuestConsole(
  terminal: Duplex | Promise<Duplex>,
  name: string | null,
  options: GuestConsoleOptions,
): Promise<GuestConsole> {
  const [tty, log] = await Promise.allSettled([terminal, name === null ? null : openLog(name, options)])
  if (tty.status === 'fulfilled' && log.status === 'fulfilled') return new GuestConsole(tty.value, log.value, options)
  if (tty.status === 'fulfilled') tty.value.destroy()
  if (log.status === 'fulfilled') await log.value?.close()
  throw tty.status === 'rejected' ? tty.reason : (log as PromiseRejectedResult).reason
}

async function openLog(name: string, options: GuestConsoleOptions): Promise<ConsoleLog> {
  const log = await ConsoleLog.open(name, options)
  if (options.heading !== undefined) await log.append(Buffer.from(options.heading))
  return log
}

export class GuestConsole {
  #tty: Duplex
  readonly #options: GuestConsoleOptions
  readonly #clients = new Set<Listeners>()
  #log: ConsoleLog | null
  #logged: Promise<void> = Promise.resolve()
  #history: Buffer[] = []
  #historyBytes = 0
  #ended = false
  /** Bytes read until now. */
  #taken = 0

  constructor(tty: Duplex, log: ConsoleLog | null, options: GuestConsoleOptions) {
    this.#tty = tty
    this.#log = log
    this.#options = options
    this.#listen(tty)
  }

  /** False once the guest has gone or the console was closed; history and tail remain. */
  get open(): boolean {
    return !this.#ended
  }

  attach(): ConsoleClient {
    const listeners: Listeners = { data: undefined, end: undefined }
    this.#clients.add(listeners)
    return {
      history: Buffer.concat(this.#history),
      onData: (listener) => (listeners.data = listener),
      onEnd: (listener) => {
        if (this.#ended) listener()
        else listeners.end = listener
      },
      write: (bytes) => this.#type(bytes),
      detach: () => {
        if (this.#clients.delete(listeners) && this.#clients.size === 0) this.#options.onDeserted?.()
      },
    }
  }

  /** The last lines, at most this many, as plain text that is safe in tables and errors. */
  tail(lines: number): readonly string[] {
    const all = plainLines(Buffer.concat(this.#history).toString('utf8'))
    if (all.at(-1) === '') all.pop()
    return all.slice(Math.max(0, all.length - lines)).map((line) => line.slice(0, LINE_LENGTH))
  }

  /** The same of one that has died, with the line in which its kernel said why, which a long trace may follow. */
  lastWords(lines: number): readonly string[] {
    const last = this.tail(lines)
    const reason = this.tail(LINES_OF_A_DEATH).findLast((line) => DEATHS.test(line))
    return reason === undefined || last.includes(reason) ? last : [reason, ...last.slice(1)]
  }

  /**
   * Resolves when the guest has said nothing for a moment, when its console has ended, or after `mostMs`: the last words of
   * one that died come through the rings of Xen and of the terminal after it.
   */
  async quiet(mostMs: number): Promise<void> {
    const until = performance.now() + mostMs
    for (let seen = -1; seen !== this.#taken && !this.#ended && performance.now() < until;) {
      seen = this.#taken
      await sleep(QUIET_MS)
    }
  }

  /** Goes on with another terminal of the same guest. */
  replaceTerminal(tty: Duplex): void {
    const old = this.#tty
    if (this.#ended) return void tty.destroy()
    this.#tty = tty
    old.destroy()
    this.#listen(tty)
  }

  /** Stops reading and closes the terminal and the log. Nothing happens the second time. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#tty.destroy()
    this.#logged = this.#logged.then(() => this.#log?.close()).catch(() => undefined)
    for (const { end } of this.#clients) end?.()
    this.#clients.clear()
    this.#options.onClose?.()
  }

  /** Resolves when all that was read so far is in the log (and, after `close`, when the log is closed). */
  async flushed(): Promise<void> {
    await this.#logged
  }

  #listen(tty: Duplex): void {
    // What an earlier terminal still has to say counts no more.
    const hungUp = () => {
      if (tty === this.#tty && (this.#options.onHangUp?.() ?? 'end') === 'end') this.close()
    }
    tty.on('data', (bytes: Buffer) => this.#take(bytes))
    // A pty whose other side went away reports EIO or an end, depending on what was going on.
    for (const event of ['error', 'end', 'close']) tty.on(event, hungUp)
  }

  #take(bytes: Buffer): void {
    this.#taken += bytes.length
    this.#remember(bytes)
    for (const { data } of this.#clients) data?.(bytes)
    const log = this.#log
    if (log === null) return
    // Nothing is read while the disk works, so no more than one read waits in memory.
    this.#tty.pause()
    this.#logged = this.#logged
      .then(() => log.append(bytes))
      .then(
        () => void this.#tty.resume(),
        (error: unknown) => this.#loseLog(log, error),
      )
  }

  #loseLog(log: ConsoleLog, error: unknown): void {
    this.#log = null
    log.close().catch(() => undefined)
    this.#options.onLogLost?.(error)
    this.#tty.resume()
  }

  #remember(bytes: Buffer): void {
    this.#history.push(bytes)
    this.#historyBytes += bytes.length
    while (this.#historyBytes > this.#options.historyBytes) {
      const oldest = this.#history[0] as Buffer
      const surplus = this.#historyBytes - this.#options.historyBytes
      if (oldest.length <= surplus) this.#history.shift()
      // A copy, so that the whole of a large read is not kept for its end.
      else this.#history[0] = Buffer.from(oldest.subarray(surplus))
      this.#historyBytes -= Math.min(oldest.length, surplus)
    }
  }

  #type(bytes: Buffer): void {
    const room = (this.#options.inputBytes ?? INPUT_BYTES) - this.#tty.writableLength
    if (this.#ended || !this.#tty.writable || room <= 0) return
    this.#tty.write(bytes.subarray(0, room))
  }
}
