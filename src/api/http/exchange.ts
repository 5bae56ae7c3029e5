/** One request and its answer, on a connection that is theirs for as long as they last. */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { type AnswerHead, AnswerParser, type AnswerSink } from './answer-parser.ts'

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** How long the answer may take to begin, milliseconds. */
  readonly answerMs: number
}

/** The connection after 101, which flows when somebody listens, and what came together with the answer. */
export interface Upgraded {
  readonly socket: Socket
  readonly head: Buffer
}

export interface Answer extends AnswerHead {
  /** Destroyed in the middle, it ends the connection. */
  readonly body: Readable
  readonly upgraded: Upgraded | null
}

export class Exchange implements AnswerSink {
  readonly #outcome = Promise.withResolvers<Answer>()
  readonly #socket: Socket
  readonly #parser = new AnswerParser(this)
  readonly #body: Readable
  readonly #silence: NodeJS.Timeout
  readonly #onWhole: () => void
  #head: AnswerHead | null = null
  #isWhole = false

  constructor(socket: Socket, asked: Asked, onWhole: () => void) {
    this.#socket = socket
    this.#onWhole = onWhole
    this.#body = new Readable({
      read: () => void socket.resume(),
      destroy: (error, done) => {
        if (!this.#isWhole) socket.destroy()
        done(error)
      },
    })
    this.#silence = setTimeout(() => this.#fail(coded('ETIMEDOUT', 'no answer in time')), asked.answerMs)
    // Who reads the body hears of it; who waits for the answer or has had enough need not.
    this.#body.on('error', () => undefined)
    this.#listen('on')
    socket.write(textOf(asked))
  }

  get answer(): Promise<Answer> {
    return this.#outcome.promise
  }

  head(head: AnswerHead): void {
    clearTimeout(this.#silence)
    this.#head = head
    if (head.status !== SWITCHING) this.#outcome.resolve({ ...head, body: this.#body, upgraded: null })
  }

  body(bytes: Buffer): void {
    if (!this.#body.push(bytes)) this.#socket.pause()
  }

  end(): void {
    this.#isWhole = true
    this.#listen('off')
    this.#body.push(null)
    if (this.#head?.status === SWITCHING) {
      // As node:http leaves it: nothing is read until somebody listens.
      Object.assign(this.#socket, { readableFlowing: null })
      const upgraded = { socket: this.#socket, head: this.#parser.rest }
      this.#outcome.resolve({ ...this.#head, body: this.#body, upgraded })
    } else if (this.#head?.headers.get('connection')?.toLowerCase() === 'close') this.#socket.destroy()
    else this.#onWhole()
  }

  readonly #fail = (error: Error): void => {
    clearTimeout(this.#silence)
    this.#outcome.reject(error)
    this.#body.destroy(error)
    this.#socket.destroy()
  }

  readonly #attempt = (act: () => void, code: string): void => {
    try {
      act()
    } catch (error) {
      this.#fail(coded(code, error instanceof Error ? error.message : String(error)))
    }
  }

  readonly #onData = (bytes: Buffer): void => this.#attempt(() => this.#parser.push(bytes), 'EPROTO')
  readonly #onEnd = (): void => this.#attempt(() => this.#parser.close(), 'ECONNRESET')

  #listen(how: 'on' | 'off'): void {
    const socket = this.#socket
    socket[how]('data', this.#onData)
    socket[how]('error', this.#fail)
    for (const end of ['end', 'close']) socket[how](end, this.#onEnd)
  }
}

/** "Switching Protocols". */
const SWITCHING = 101

function textOf({ method, target, headers, body = '' }: Asked): string {
  const length = body === '' ? [] : [['content-length', String(Buffer.byteLength(body))]]
  const lines = [['host', 'localhost'], ...Object.entries(headers), ...length].map(
    ([name, value]) => `${name}: ${value}`,
  )
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code })
