/**
 * The daemon's client of xenstored, over its Unix socket and without native code.
 *
 * Promises: requests are pipelined; every one is answered or fails within a deadline; a lost connection is opened
 * again; watches survive that and then fire once, as when they were first set, since changes may have been missed.
 * A transaction does not survive it: it fails, and whoever began it begins again.
 * Never: sends a request twice, follows a path that a guest wrote, or keeps the event loop busy while nothing happens.
 *
 *   idle ──first request or watch──▶ connecting ──▶ connected ──lost──▶ connecting (while watches remain) or idle
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../words/errors.ts'
import type { Domid, XenstorePath } from '../words/ids.ts'
import { Connection, type Reply } from './connection.ts'
import { expectPayload, Operations } from './operations.ts'
import { xenstorePath } from './paths.ts'
import { decodeStrings, DIRECTORY_MAX_BYTES, encodeStrings, MessageType } from './wire.ts'
import { type WatchListener, type WatchPath, Watches } from './watches.ts'

export interface XenstoreOptions {
  /** xenstored's Unix socket. Default: /run/xenstored/socket. */
  readonly path?: string
  /** How long xenstored may take to answer one request, in ms, before it counts as stuck. Default: 30,000. */
  readonly requestTimeoutMs?: number
  /** How long connecting is tried again after EAGAIN, ENOENT or ECONNREFUSED, in ms. Default: 10,000. */
  readonly connectTimeoutMs?: number
  /** The longest pause between two attempts to connect, in ms; the first is 5 ms. Default: 1,000. */
  readonly connectPauseMaxMs?: number
  /** The longest DIRECTORY reply to take, in bytes. Default: 4 MiB. */
  readonly directoryMaxBytes?: number
  /** Told of what a watch's listener throws, which is a mistake of ours. Default: an uncaught exception. */
  readonly onListenerError?: (error: unknown) => void
}

export interface TransactionOptions {
  /** How often the transaction is begun, counting the first time, when others' writes spoil it. Default: 64. */
  readonly attempts?: number
}

const defaults = {
  path: '/run/xenstored/socket',
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  connectPauseMaxMs: 1_000,
  directoryMaxBytes: DIRECTORY_MAX_BYTES,
  onListenerError: (error: unknown) =>
    queueMicrotask(() => {
      throw error
    }),
}
const FIRST_PAUSE_MS = 5
const TRANSACTION_ATTEMPTS = 64
/** What connecting answers while xenstored's backlog of 1 is taken, or while it restarts. */
const WORTH_ANOTHER_TRY = new Set(['EAGAIN', 'ENOENT', 'ECONNREFUSED'])

export class XenstoreClient extends Operations {
  readonly #options: Required<XenstoreOptions>
  readonly #watches: Watches
  #connection: Connection | undefined
  #connecting: Promise<Connection> | undefined
  #closed = false
  readonly #closing = new AbortController()

  constructor(options: XenstoreOptions = {}) {
    const complete = { ...defaults, ...options }
    super(async (type, payload) => (await this.#connected()).request(type, payload), complete.directoryMaxBytes)
    this.#options = complete
    this.#watches = new Watches(complete.onListenerError)
  }

  /** `/local/domain/DOMID`, as xenstored says it; also for a domain that does not exist. */
  async getDomainPath(domid: Domid): Promise<XenstorePath> {
    const reply = await this.#request(MessageType.getDomainPath, encodeStrings(String(domid)))
    const payload = expectPayload(reply, `cannot learn the path of domain ${domid}`)
    return xenstorePath(decodeStrings(payload)[0] ?? '')
  }

  /** Whether xenstored talks to this domain, that is between its introduction and its end. */
  async isIntroduced(domid: Domid): Promise<boolean> {
    const reply = await this.#request(MessageType.isDomainIntroduced, encodeStrings(String(domid)))
    return decodeStrings(expectPayload(reply, `cannot learn whether domain ${domid} is introduced`))[0] === 'T'
  }

  /**
   * Calls `listener` for each change at or below `path`, once at the start (it may be before this resolves), and once
   * after each reconnection. Events may be spurious: read what is there now.
   * @returns a function that ends the watch at once, and resolves when xenstored has forgotten it.
   */
  async watch(path: WatchPath, listener: WatchListener): Promise<() => Promise<void>> {
    const connection = await this.#connected()
    const watch = this.#watches.add(path, listener)
    try {
      expectPayload(
        await connection.request(MessageType.watch, encodeStrings(path, watch.token)),
        `cannot watch ${path}`,
      )
    } catch (error) {
      this.#watches.remove(watch)
      throw error
    }
    return async () => {
      if (!this.#watches.remove(watch)) return
      const current = this.#connection
      if (current === undefined) return
      // A connection lost meanwhile has forgotten the watch as well.
      await current.request(MessageType.unwatch, encodeStrings(path, watch.token)).catch(() => undefined)
    }
  }

  /**
   * Runs `body` inside a transaction and commits it; runs it again, from new, when others' writes came between.
   * The transaction is ended in every case; what `body` throws ends it without effect and is thrown on.
   */
  async transaction<T>(body: (within: Operations) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const attempts = options.attempts ?? TRANSACTION_ATTEMPTS
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const outcome = await this.#transactionOnce(body)
      if (outcome.committed) return outcome.value
    }
    const why = `others wrote to the same nodes during each of ${attempts} attempts`
    throw fail('xenstore-failed', { what: 'a xenstore transaction was given up', why })
  }

  /** Ends the connection and all watches; whatever waits fails, and the client cannot be used again. */
  close(): void {
    this.#closed = true
    this.#watches.clear()
    this.#closing.abort()
    this.#connection?.close('the client was closed')
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #transactionOnce<T>(
    body: (within: Operations) => Promise<T>,
  ): Promise<{ committed: true; value: T } | { committed: false }> {
    // All of a transaction goes over the connection that began it: its number means nothing on another.
    const connection = await this.#connected()
    const started = await connection.request(MessageType.transactionStart, encodeStrings(''))
    const id = Number(decodeStrings(expectPayload(started, 'cannot begin a xenstore transaction'))[0])
    let open = true
    const within = new Operations(async (type, payload) => {
      if (!open) throw new Error('a xenstore transaction was used after its end')
      return await connection.request(type, payload, id)
    }, this.#options.directoryMaxBytes)

    let value: T
    try {
      value = await body(within)
    } catch (error) {
      open = false
      await connection.request(MessageType.transactionEnd, encodeStrings('F'), id).catch(() => undefined)
      throw error
    }
    open = false
    const ended = await connection.request(MessageType.transactionEnd, encodeStrings('T'), id)
    if (ended.errno === 'EAGAIN') return { committed: false }
    expectPayload(ended, 'cannot commit a xenstore transaction')
    return { committed: true, value }
  }

  async #request(type: Parameters<Connection['request']>[0], payload: Buffer): Promise<Reply> {
    return await (await this.#connected()).request(type, payload)
  }

  #connected(): Promise<Connection> {
    if (this.#closed) return Promise.reject(lostError(this.#options.path, 'the client was closed'))
    if (this.#connection !== undefined) return Promise.resolve(this.#connection)
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(): Promise<Connection> {
    const connection = await this.#openWithRetries()
    try {
      await this.#watches.setAgain(connection)
    } catch (error) {
      connection.close('a watch could not be set again')
      throw error
    }
    if (this.#closed) connection.close('the client was closed')
    if (connection.lost) throw lostError(this.#options.path, 'it was lost as soon as it was made')
    this.#connection = connection
    return connection
  }

  async #openWithRetries(): Promise<Connection> {
    const { path, connectTimeoutMs, connectPauseMaxMs } = this.#options
    const giveUpAt = performance.now() + connectTimeoutMs
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, connectPauseMaxMs)) {
      try {
        const connection: Connection = await Connection.open(this.#options, {
          onWatchEvent: (changed, token) => this.#watches.tell(changed, token),
          onLost: () => this.#lost(connection),
        })
        return connection
      } catch (error) {
        const { code = '', message } = error as NodeJS.ErrnoException
        const timeLeft = giveUpAt - performance.now()
        if (this.#closed || !WORTH_ANOTHER_TRY.has(code) || timeLeft <= 0) throw lostError(path, message, error)
        await sleep(Math.min(pause, timeLeft), undefined, { signal: this.#closing.signal }).catch(() => undefined)
      }
    }
  }

  #lost(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    this.#resume()
  }

  /** Connects again for the sake of the watches, for as long as there are any. */
  #resume(): void {
    if (this.#closed || this.#watches.size === 0) return
    this.#connected().catch(async () => {
      await sleep(this.#options.connectPauseMaxMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      this.#resume()
    })
  }
}

const lostError = (path: string, why: string, cause?: unknown) =>
  fail(
    'xenstore-failed',
    { what: 'cannot reach xenstored', where: path, why, fix: 'see whether it runs: systemctl status xenstored' },
    { cause },
  )
