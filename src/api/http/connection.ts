/** A connection to a Unix socket that speaks HTTP/1.1, for one request after the other. */
import { type Socket, connect } from 'node:net'
import { type Answer, type Asked, Exchange } from './exchange.ts'

export class Connection {
  readonly #socket: Socket
  #asked = 0

  constructor(path: string) {
    this.#socket = connect(path)
    // Whoever asks listens as well; between two requests nobody does.
    this.#socket.on('error', () => undefined)
  }

  /** Whether it has carried a request before: then the other side may have closed it in the meantime. */
  get wasUsed(): boolean {
    return this.#asked > 1
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable && this.#socket.writable
  }

  /**
   * Sends a request; `onWhole` is called when its answer has ended and the connection takes another. Rejects with what
   * the system said, with ECONNRESET when the other side closed it, with ETIMEDOUT when it was silent.
   */
  ask(asked: Asked, onWhole: () => void): Promise<Answer> {
    this.#asked += 1
    return new Exchange(this.#socket, asked, onWhole).answer
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
