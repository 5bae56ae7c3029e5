import { close, constants, open } from 'node:fs'
import type { Duplex } from 'node:stream'
import { ReadStream } from 'node:tty'
import { promisify } from 'node:util'
import { fail } from '../../words/errors.ts'

/** What xenconsoled and QEMU write into xenstore; nothing else is opened, whoever wrote it. */
const PTY = /^\/dev\/pts\/\d{1,10}$/

/**
 * Opens the slave of a pty raw: no echo, which would send a guest's own output back to it as input. It is polled like
 * a socket and holds no thread. The stream ends without an error when the other side goes away.
 * Rejects with `xen-unavailable` when the pty is not there.
 */
export async function openPty(path: string): Promise<Duplex> {
  if (!PTY.test(path)) throw noTerminal(path, 'it is no pseudo-terminal')
  const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK
  const descriptor = await promisify(open)(path, flags).catch((error: unknown) => {
    throw unusable(path, error)
  })
  let tty: ReadStream
  try {
    tty = new ReadStream(descriptor)
  } catch (error) {
    close(descriptor, () => undefined)
    throw unusable(path, error)
  }
  // libuv opens a terminal again for itself (uv_tty_init), and leaves the descriptor that it was given to its owner.
  if (descriptorOf(tty) !== descriptor) close(descriptor, () => undefined)
  try {
    return tty.setRawMode(true)
  } catch (error) {
    tty.destroy()
    throw unusable(path, error)
  }
}

const descriptorOf = (tty: ReadStream): number =>
  (tty as unknown as { readonly _handle: { readonly fd: number } })._handle.fd

const unusable = (path: string, error: unknown) =>
  noTerminal(path, error instanceof Error ? error.message : String(error), error)
const noTerminal = (path: string, why: string, cause?: unknown) =>
  fail('xen-unavailable', { what: 'cannot open the terminal of a console', where: path, why }, { cause })
