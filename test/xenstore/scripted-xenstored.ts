/** A socket that speaks xenstore's bytes as a test tells it to: for what no real xenstored does on demand. */
import { createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'

export interface Request {
  readonly type: number
  readonly requestId: number
  readonly transactionId: number
  readonly text: string
}

/** What to send for a request; nothing leaves it unanswered. */
export type Script = (request: Request, socket: Socket) => void

/** A message's bytes, written here a second time so that a mistake in the code's own codec shows. */
export function bytesOf(type: number, requestId: number, payload: string, transactionId = 0): Buffer {
  const body = Buffer.from(payload, 'latin1')
  const header = new Uint32Array([type, requestId, transactionId, body.length])
  return Buffer.concat([Buffer.from(header.buffer), body])
}

export class ScriptedXenstored {
  readonly path: string
  readonly requests: Request[] = []
  readonly #dir: string
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  script: Script

  private constructor(dir: string, script: Script) {
    this.#dir = dir
    this.path = join(dir, 'socket')
    this.script = script
  }

  static async create(script: Script): Promise<ScriptedXenstored> {
    return new ScriptedXenstored(await mkdtemp(join(tmpdir(), 'tetrarch-scripted-')), script)
  }

  async listen(): Promise<void> {
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.path)
    await once(this.#server, 'listening')
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp()
    this.#server?.close()
    await rm(this.#dir, { recursive: true, force: true })
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let buffered = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk])
      while (buffered.length >= 16) {
        const [type = 0, requestId = 0, transactionId = 0, length = 0] = new Uint32Array(
          buffered.buffer.slice(buffered.byteOffset, buffered.byteOffset + 16),
        )
        if (buffered.length < 16 + length) return
        const text = buffered.subarray(16, 16 + length).toString('latin1')
        buffered = buffered.subarray(16 + length)
        const request = { type, requestId, transactionId, text }
        this.requests.push(request)
        this.script(request, socket)
      }
    })
  }
}
