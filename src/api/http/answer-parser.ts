/**
 * Takes answers of HTTP/1.1 (RFC 9112) apart, from the bytes of a connection however they are cut. It knows what the
 * daemon sends and refuses the rest. Here because loading node:http takes longer than all else that a short command does.
 */

export interface AnswerHead {
  readonly status: number
  /** By their names in small letters. */
  readonly headers: ReadonlyMap<string, string>
}

/** What the parser tells, in this order: `head`, `body` any number of times, `end`. */
export interface AnswerSink {
  head(head: AnswerHead): void
  body(bytes: Buffer): void
  end(): void
}

/** The longest head, and the longest line that gives the size of a chunk: node:http's own limit. */
const MAX_LINE_BYTES = 16 * 1024
const CRLF = '\r\n'
const NO_BYTES = Buffer.alloc(0)

/**
 *   head ──▶ counted ─────────────────────────▶ done
 *     ├────▶ size ──▶ chunk ──▶ gap ──▶ size     ▲
 *     │        └──▶ trailer ────────────────────┤
 *     ├────▶ until-close ───(the other side ends)┤
 *     └──────────────────────────────────────────┘   101 (what follows is no HTTP), 204, 304, or no byte at all
 */
type State = 'head' | 'counted' | 'size' | 'chunk' | 'gap' | 'trailer' | 'until-close' | 'done'

export class AnswerParser {
  #state: State = 'head'
  #bytes: Buffer = NO_BYTES
  /** Bytes that are left of the body or the chunk. */
  #left = 0
  readonly #sink: AnswerSink

  constructor(sink: AnswerSink) {
    this.#sink = sink
  }

  /** What came after the end of the answer: after 101 it is the other protocol's. */
  get rest(): Buffer {
    return this.#bytes
  }

  /** Throws for what is no answer. */
  push(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    while (this.#step());
  }

  /** The other side sends no more. Throws when the answer is not whole. */
  close(): void {
    if (this.#state === 'until-close') this.#end()
    if (this.#state !== 'done') throw new Error('the connection ended within an answer')
  }

  /** Takes what it can; false when it needs more bytes. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#withText(`${CRLF}${CRLF}`, (text) => this.#begin(text))
      case 'size':
        return this.#withText(CRLF, (text) => this.#beginChunk(text))
      case 'gap':
        return this.#withText(CRLF, (text) => this.#goTo(text === '' ? 'size' : refuse('a chunk is too long')))
      case 'trailer':
        return this.#withText(CRLF, (text) => (text === '' ? this.#end() : undefined))
      case 'counted':
      case 'chunk':
        return this.#takeBody(this.#left)
      case 'until-close':
        return this.#takeBody(Infinity)
      case 'done':
        return false
    }
  }

  #goTo(state: State): void {
    this.#state = state
  }

  #end(): void {
    this.#state = 'done'
    this.#sink.end()
  }

  #withText(end: string, take: (text: string) => void): boolean {
    const at = this.#bytes.indexOf(end)
    if (at > MAX_LINE_BYTES || (at < 0 && this.#bytes.length > MAX_LINE_BYTES)) refuse('its head is too long')
    if (at < 0) return false
    const text = this.#bytes.toString('latin1', 0, at)
    this.#bytes = this.#bytes.subarray(at + end.length)
    take(text)
    return true
  }

  #begin(text: string): void {
    const head = parseHead(text)
    // An interim answer; the answer itself follows.
    if (head.status < 200 && head.status !== 101) return
    this.#sink.head(head)
    const [state, length] = bodyOf(head)
    this.#left = length
    if (state === 'done') this.#end()
    else this.#state = state
  }

  #beginChunk(text: string): void {
    const size = /^([0-9a-f]{1,12})(?:[ \t]*;.*)?$/i.exec(text)?.[1] ?? refuse('a chunk has no size')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'chunk'
  }

  #takeBody(most: number): boolean {
    const taken = this.#bytes.subarray(0, most)
    if (taken.length === 0) return false
    this.#bytes = this.#bytes.subarray(taken.length)
    this.#left -= taken.length
    this.#sink.body(taken)
    if (this.#left > 0 || most === Infinity) return true
    if (this.#state === 'chunk') this.#state = 'gap'
    else this.#end()
    return true
  }
}

function parseHead(text: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split(CRLF)
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1] ?? refuse('it is not HTTP/1.1')
  const headers = lines.map((line): [string, string] => {
    const [, name = '', value = ''] = /^([!#$%&'*+.^`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? refuse('a bad header')
    return [name.toLowerCase(), value]
  })
  return { status: Number(status), headers: new Map(headers) }
}

/** Where the body ends (RFC 9112, section 6.3). */
function bodyOf({ status, headers }: AnswerHead): readonly [State, number] {
  if (status === 101 || status === 204 || status === 304) return ['done', 0]
  const coding = headers.get('transfer-encoding')
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? ['size', 0] : refuse('an unknown coding')
  const length = headers.get('content-length')
  if (length === undefined) return ['until-close', Infinity]
  if (!/^\d{1,15}$/.test(length)) refuse('a bad length')
  return length === '0' ? ['done', 0] : ['counted', Number(length)]
}

function refuse(why: string): never {
  throw new Error(`what answers does not speak HTTP as the daemon does: ${why}`)
}
