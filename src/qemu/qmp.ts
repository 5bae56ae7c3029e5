/**
 * A client of QEMU's control socket (QEMU docs/interop/qmp-spec.rst): one JSON value a line, both ways.
 *
 * Promises: connecting and every command end within their deadlines; a line is bounded in length; what QEMU says is
 * checked before it is believed, since a guest may have taken its QEMU over. The first breach ends the connection.
 * Never: keeps QEMU waiting for us, or lets it tell us what to open or run.
 *
 * QEMU serves one client of a socket at a time. libxl needs qmp-libxl-DOMID for itself, so use qmp-libxenstat-DOMID,
 * and not for long.
 */
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { fail, type TetrarchError } from '../words/errors.ts'
import { escapeControl } from '../words/escape-control.ts'
import type { Domid } from '../words/ids.ts'

export interface QmpOptions {
  /** Time for the connection, QEMU's greeting and the negotiation, in ms. Default: 5,000. */
  readonly connectMs?: number
  /** Time for the answer to one command, in ms. Default: 10,000. */
  readonly commandMs?: number
  /** The longest line to take, in bytes. Default: 1 MiB. */
  readonly lineBytes?: number
  /** Told of QEMU's events; their data is untrusted. */
  readonly onEvent?: (event: QmpEvent) => void
}

export interface QmpEvent {
  readonly event: string
  readonly data: unknown
}

const defaults = { connectMs: 5_000, commandMs: 10_000, lineBytes: 1 << 20, onEvent: () => undefined }
const ERROR_LENGTH = 500

const greetingSchema = z.looseObject({ QMP: z.looseObject({}) })
const eventSchema = z.looseObject({ event: z.string().max(100), data: z.unknown().optional() })
const refusalSchema = z.looseObject({ id: z.int(), error: z.looseObject({ class: z.string(), desc: z.string() }) })
const resultSchema = z.looseObject({ id: z.int(), return: z.unknown() })
const messageSchema = z.union([
  eventSchema.transform(({ event, data }) => ({ kind: 'event' as const, event, data })),
  refusalSchema.transform(({ id, error }) => ({ kind: 'refusal' as const, id, ...error })),
  resultSchema.transform((message) => ({ kind: 'result' as const, id: message.id, value: message.return })),
])

/** The socket that libxl gives every device model besides its own (libxl_dm.c, Xen 4.17 to 4.20). */
export const qmpSocket = (domid: Domid) => `/run/xen/qmp-libxenstat-${domid}`

interface PendingCommand {
  readonly command: string
  readonly timer: NodeJS.Timeout
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

export class QmpClient implements Disposable {
  readonly #socket: Socket
  readonly #path: string
  readonly #options: Required<QmpOptions>
  readonly #pending = new Map<number, PendingCommand>()
  readonly #greeted = Promise.withResolvers<undefined>()
  #handle: (line: string) => void = (line) => this.#greet(line)
  #partial: Buffer[] = []
  #partialBytes = 0
  #lastId = 0
  #closedBecause: TetrarchError | undefined

  private constructor(path: string, options: QmpOptions) {
    this.#path = path
    this.#options = { ...defaults, ...options }
    this.#socket = connect(path)
    this.#socket.on('data', (chunk) => this.#receive(chunk))
    this.#socket.on('error', (error) => this.#close(error.message))
    this.#socket.on('close', () => this.#close('QEMU closed the connection'))
  }

  /** Connects and agrees on no extra capability. Rejects with `device-model-failed`. */
  static async open(path: string, options: QmpOptions = {}): Promise<QmpClient> {
    const client = new QmpClient(path, options)
    const { connectMs } = client.#options
    const timer = setTimeout(() => client.#close(`it did not greet within ${connectMs} ms`), connectMs)
    try {
      await client.#greeted.promise
      await client.execute('qmp_capabilities')
      return client
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Runs one command and gives what QEMU returned, unchecked. Rejects with `device-model-failed`, also when QEMU refuses;
   * after a deadline or a lost connection nothing is known about whether the command took effect.
   */
  async execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#closedBecause !== undefined) throw this.#closedBecause
    this.#lastId += 1
    const id = this.#lastId
    const { commandMs } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => this.#close(`it did not answer ${command} within ${commandMs} ms`), commandMs)
    this.#pending.set(id, { command, timer, resolve, reject })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    return await promise
  }

  /** Ends the connection; QEMU goes on. */
  [Symbol.dispose](): void {
    this.#close('it was closed')
  }

  #close(why: string): void {
    if (this.#closedBecause !== undefined) return
    const error = fail('device-model-failed', { what: 'lost the connection to QEMU', where: this.#path, why })
    this.#closedBecause = error
    this.#socket.destroy()
    for (const { timer, reject } of this.#pending.values()) {
      clearTimeout(timer)
      reject(error)
    }
    this.#pending.clear()
    // Without a listener this promise is that of a connection that was closed after its greeting.
    this.#greeted.promise.catch(() => undefined)
    this.#greeted.reject(error)
  }

  #receive(chunk: Buffer): void {
    let rest = chunk
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const line = Buffer.concat([...this.#partial, rest.subarray(0, end)])
      if (line.length > this.#options.lineBytes) break
      this.#partial = []
      this.#partialBytes = 0
      rest = rest.subarray(end + 1)
      this.#handle(line.toString('utf8'))
      if (this.#closedBecause !== undefined) return
    }
    this.#partial.push(rest)
    this.#partialBytes += rest.length
    if (this.#partialBytes > this.#options.lineBytes) this.#close('it sent a line that is too long')
  }

  #greet(line: string): void {
    if (!greetingSchema.safeParse(parseJson(line)).success) {
      this.#close('it did not greet as QEMU does')
      return
    }
    this.#handle = (next) => this.#deliver(next)
    this.#greeted.resolve(undefined)
  }

  #deliver(line: string): void {
    const parsed = messageSchema.safeParse(parseJson(line))
    if (!parsed.success) {
      this.#close('it sent what is no QMP message')
      return
    }
    const message = parsed.data
    if (message.kind === 'event') {
      this.#options.onEvent({ event: message.event, data: message.data })
      return
    }
    const pending = this.#pending.get(message.id)
    if (pending === undefined) {
      this.#close('it answered what nobody asked')
      return
    }
    this.#pending.delete(message.id)
    clearTimeout(pending.timer)
    if (message.kind === 'result') pending.resolve(message.value)
    else pending.reject(this.#refusal(pending.command, message))
  }

  #refusal(command: string, error: { class: string; desc: string }): TetrarchError {
    const why = escapeControl(`${error.class}: ${error.desc}`.slice(0, ERROR_LENGTH))
    return fail('device-model-failed', { what: `QEMU refused ${command}`, where: this.#path, why })
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
