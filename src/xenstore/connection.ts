/**
 * One connection to xenstored, from the first byte to the last. Requests are pipelined and answered by their id.
 * It never comes back: once lost, all that was asked and all that is asked later fails, and its owner opens another.
 */
import { connect, type Socket } from 'node:net'
import { fail } from '../words/errors.ts'
import { decodeStrings, encodeMessage, type Message, MessageDecoder, MessageType, type RequestType } from './wire.ts'

export interface ConnectionOptions {
  /** The Unix socket. */
  readonly path: string
  /** How long one request may stay unanswered, in ms; then xenstored counts as stuck and the connection is given up. */
  readonly requestTimeoutMs: number
  /** The longest DIRECTORY reply to take, in bytes. */
  readonly directoryMaxBytes: number
}

export interface ConnectionEvents {
  readonly onWatchEvent: (path: string, token: string) => void
  /** Called once, also for a connection that was closed on purpose. */
  readonly onLost: () => void
}

/** What xenstored said: the payload, or the name of an errno. */
export type Reply = { readonly payload: Buffer; readonly errno?: never } | { readonly errno: string }

interface PendingRequest {
  readonly type: RequestType
  readonly expires: number
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

const MAX_REQUEST_ID = 0xffff_ffff

export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #events: ConnectionEvents
  readonly #decoder: MessageDecoder
  /** In the order of asking, which is also the order of expiry. */
  readonly #pending = new Map<number, PendingRequest>()
  #outgoing: Buffer[] = []
  #lastId = 0
  #timer: NodeJS.Timeout | undefined
  #lostBecause: Error | undefined

  private constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket
    this.#options = options
    this.#events = events
    this.#decoder = new MessageDecoder(options.directoryMaxBytes)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.close(error.message))
    socket.on('close', () => this.close('xenstored closed the connection'))
  }

  /** Connects, or rejects with the system's error (`EAGAIN`: xenstored's backlog of 1 is taken; `ENOENT`: it does not run). */
  static async open(options: ConnectionOptions, events: ConnectionEvents): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const socket = connect(options.path)
    socket.once('error', reject)
    socket.once('connect', () => resolve(undefined))
    await promise
    socket.off('error', reject)
    return new Connection(socket, options, events)
  }

  get lost(): boolean {
    return this.#lostBecause !== undefined
  }

  /** Sends one request. Rejects with `xenstore-failed` when the connection is lost before its reply. */
  async request(type: RequestType, payload: Buffer, transactionId = 0): Promise<Reply> {
    if (this.#lostBecause !== undefined) throw this.#lostBecause
    const requestId = this.#nextId()
    this.#send(encodeMessage({ type, requestId, transactionId, payload }))
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const expires = performance.now() + this.#options.requestTimeoutMs
    this.#pending.set(requestId, { type, expires, resolve, reject })
    this.#timer ??= setTimeout(() => this.#expire(), this.#options.requestTimeoutMs)
    return await promise
  }

  /** Ends the connection; all that waits for a reply fails for this reason. */
  close(why: string): void {
    if (this.#lostBecause !== undefined) return
    const error = fail('xenstore-failed', {
      what: 'the connection to xenstored was lost',
      where: this.#options.path,
      why,
      fix: 'see whether xenstored runs: systemctl status xenstored, xenstore-ls',
    })
    this.#lostBecause = error
    clearTimeout(this.#timer)
    this.#socket.destroy()
    for (const request of this.#pending.values()) request.reject(error)
    this.#pending.clear()
    this.#events.onLost()
  }

  /** Requests made in one turn go out in one system call. */
  #send(message: Buffer): void {
    this.#outgoing.push(message)
    if (this.#outgoing.length > 1) return
    process.nextTick(() => {
      if (!this.lost) this.#socket.write(Buffer.concat(this.#outgoing))
      this.#outgoing = []
    })
  }

  #nextId(): number {
    do {
      // 0 is the id of watch events.
      this.#lastId = this.#lastId === MAX_REQUEST_ID ? 1 : this.#lastId + 1
    } while (this.#pending.has(this.#lastId))
    return this.#lastId
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#decoder.push(chunk)) {
        if (this.lost) return
        this.#deliver(message)
      }
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error))
    }
  }

  #deliver(message: Message): void {
    if (message.type === MessageType.watchEvent) {
      const [path = '', token = ''] = decodeStrings(message.payload)
      this.#events.onWatchEvent(path, token)
      return
    }
    const request = this.#pending.get(message.requestId)
    if (request === undefined) {
      this.close(`it answered a request that nobody made (${message.requestId})`)
      return
    }
    this.#pending.delete(message.requestId)
    if (message.type === MessageType.error) {
      request.resolve({ errno: decodeStrings(message.payload)[0] ?? '' })
    } else if (message.type === request.type) {
      request.resolve({ payload: message.payload })
    } else {
      const why = `it answered a request of type ${request.type} with type ${message.type}`
      request.reject(fail('xenstore-failed', { what: 'xenstored broke its protocol', why }))
      this.close(why)
    }
  }

  #expire(): void {
    this.#timer = undefined
    const [oldest] = this.#pending.values()
    if (oldest === undefined) return
    const left = oldest.expires - performance.now()
    if (left > 0) this.#timer = setTimeout(() => this.#expire(), left)
    else this.close(`it did not answer within ${this.#options.requestTimeoutMs} ms`)
  }
}
