import type { Socket } from 'node:net'
import { CONSOLE_INPUT_HEADER, CONSOLE_PROTOCOL } from '../../../api/endpoints.ts'
import type { ConsoleClient, GuestConsole } from '../../consoles/guest-console.ts'
import type { ApiRequest, Services } from '../handler.ts'

/** What a console connection needs besides its request. */
export interface ConsoleConnection {
  readonly socket: Socket
  /** Bytes that came with the request. */
  readonly head: Buffer
  /** Aborted when the daemon stops. */
  readonly closing: AbortSignal
}

/** Resolves when the console is attached, and rejects when there is none; `ended` resolves when the connection has. */
type ConsoleHandler = (
  request: ApiRequest<'console'>,
  connection: ConsoleConnection,
) => Promise<{ readonly ended: Promise<undefined> }>

interface Writer {
  readonly socket: Socket
  readonly caller: string
}

/**
 * Many may read a console, one may write: whoever asked for it last. The one who loses the keyboard reads a line that
 * says to whom, and reads on. A reader that is slower than its console by the configured amount is cut off.
 */
export function createConsoleHandler({ guests, config }: Services): ConsoleHandler {
  const writers = new Map<GuestConsole, Writer>()
  return async (request, { socket, head, closing }) => {
    const console = await guests.console(request.params.guest)
    // Who left while the terminal was opened is nobody to tell.
    if (socket.destroyed) return { ended: Promise.resolve(undefined) }
    const writes = takeKeyboard(writers, console, { socket, caller: request.caller }, request.query.input)
    const client = console.attach()
    accept(socket, writes)
    send(socket, client, config.console.clientBytes)
    receive(socket, head, (bytes) => {
      if (writers.get(console)?.socket === socket) client.write(bytes)
    })
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const stop = () => socket.destroy()
    closing.addEventListener('abort', stop, { once: true })
    socket.once('close', () => {
      closing.removeEventListener('abort', stop)
      client.detach()
      if (writers.get(console)?.socket === socket) writers.delete(console)
      resolve(undefined)
    })
    return { ended: promise }
  }
}

function takeKeyboard(
  writers: Map<GuestConsole, Writer>,
  console: GuestConsole,
  claimant: Writer,
  input: ApiRequest<'console'>['query']['input'],
): boolean {
  const holder = writers.get(console)
  if (input === 'none' || (input === 'if-free' && holder !== undefined)) return false
  holder?.socket.write(`\r\n[tetrarch: ${claimant.caller} writes now, this terminal only reads]\r\n`)
  writers.set(console, claimant)
  return true
}

function accept(socket: Socket, writes: boolean): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    `Upgrade: ${CONSOLE_PROTOCOL}`,
    `${CONSOLE_INPUT_HEADER}: ${writes ? 'yes' : 'no'}`,
  ]
  socket.setTimeout(0)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
}

function send(socket: Socket, client: ConsoleClient, clientBytes: number): void {
  socket.write(client.history)
  client.onData((bytes) => {
    if (socket.writableLength > clientBytes) socket.destroy()
    else if (socket.writable) socket.write(bytes)
  })
  client.onEnd(() => socket.end())
}

function receive(socket: Socket, head: Buffer, take: (bytes: Buffer) => void): void {
  if (head.length > 0) take(head)
  socket.on('data', take)
  // Without this a client that closes its half would keep a reader of ours for ever.
  socket.on('end', () => socket.end())
  socket.resume()
}
