/** Keys of a terminal, for what is drawn on all of it. */
import { emitKeypressEvents } from 'node:readline'
import type { ReadStream } from 'node:tty'

/** Keys one by one and unechoed, as `keypress` events, until the disposal or the end of this process. */
export function rawKeys(input: ReadStream): Disposable {
  const restore = (): void => void input.setRawMode(false)
  emitKeypressEvents(input)
  process.once('exit', restore)
  input.setRawMode(true)
  input.resume()
  return {
    [Symbol.dispose]() {
      restore()
      process.off('exit', restore)
      input.pause()
    },
  }
}

/** Listens until the disposal. */
export function listening(
  source: NodeJS.EventEmitter,
  event: string,
  listener: Parameters<typeof source.on>[1],
): Disposable {
  source.on(event, listener)
  return { [Symbol.dispose]: () => void source.off(event, listener) }
}
