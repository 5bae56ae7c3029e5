import type { Socket } from 'node:net'
import type { Context } from './context.ts'
import { onGuest } from './did-you-mean.ts'

/** Ctrl-], as telnet and `xl console` have it. */
const ESCAPE = 0x1d

const ENDING_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export interface AttachOptions {
  readonly input?: 'take' | 'none'
  /** Done when the console is attached and before its first byte is shown; a failure leaves the console. */
  readonly onAttached?: (() => Promise<unknown>) | null
}

/**
 * Connects this terminal to a guest's console until Ctrl-], the end of the input or of the guest. The terminal is as
 * before afterwards, however it ends.
 */
export async function attachConsole(
  context: Context,
  guest: string,
  { input = 'take', onAttached = null }: AttachOptions = {},
): Promise<void> {
  const { socket, head, writes } = await onGuest(context, guest, () => context.client.console(guest, input))
  context.note(`${guest}: connected${writes ? '' : ', reading only'}; Ctrl-] leaves`)
  using terminal = rawTerminal()
  if (terminal.isTerminal && writes) context.note(sizeHint(process.stdout))
  let end = 'its console has ended'
  const leave = () => {
    end = 'left its console'
    // Half-closed, so that what the guest said until now still arrives.
    socket.end()
  }
  const ended = show(socket, head)
  const attached = onAttached?.() ?? Promise.resolve()
  attached.catch(() => socket.end())
  if (writes || terminal.isTerminal) type(socket, writes ? 'send' : 'drop', leave)
  await ended
  if (terminal.isTerminal) process.stdout.write('\r\n')
  await attached
  context.note(`${guest}: ${end}`)
}

/** Neither a PV console nor a serial port tells a guest how large a terminal is. */
const sizeHint = ({ columns, rows }: NodeJS.WriteStream): string =>
  `the guest does not know the size of this terminal: stty rows ${rows} cols ${columns}`

/** Prints what the guest says; resolves when one of the two ends. */
function show(socket: Socket, head: Buffer): Promise<undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  process.stdout.write(head)
  socket.on('data', (bytes: Buffer) => {
    if (process.stdout.write(bytes)) return
    socket.pause()
    process.stdout.once('drain', () => socket.resume())
  })
  socket.once('error', reject)
  socket.once('close', () => resolve(undefined))
  return promise
}

/** Sends what is typed, until the key or the end of input that leaves. */
function type(socket: Socket, how: 'send' | 'drop', leave: () => void): void {
  const take = (bytes: Buffer) => {
    const escape = bytes.indexOf(ESCAPE)
    const typed = escape === -1 ? bytes : bytes.subarray(0, escape)
    if (how === 'send' && typed.length > 0 && socket.writable) socket.write(typed)
    if (escape !== -1) leave()
  }
  process.stdin.on('data', take)
  // The boot menu, which may have come before, has paused it.
  process.stdin.resume()
  process.stdin.once('end', leave)
  socket.once('close', () => {
    process.stdin.off('data', take)
    process.stdin.off('end', leave)
    process.stdin.pause()
  })
}

/** Hands every key on as it is, until the disposal or the end of this process. */
function rawTerminal(): Disposable & { readonly isTerminal: boolean } {
  const { stdin } = process
  if (!stdin.isTTY) return { isTerminal: false, [Symbol.dispose]: () => undefined }
  const restore = () => stdin.setRawMode(false)
  const leave = (signal: keyof typeof ENDING_SIGNALS) => process.exit(128 + ENDING_SIGNALS[signal])
  const signals = Object.keys(ENDING_SIGNALS) as (keyof typeof ENDING_SIGNALS)[]
  process.once('exit', restore)
  for (const signal of signals) process.once(signal, leave)
  stdin.setRawMode(true)
  return {
    isTerminal: true,
    [Symbol.dispose]: () => {
      restore()
      process.off('exit', restore)
      for (const signal of signals) process.off(signal, leave)
    },
  }
}
