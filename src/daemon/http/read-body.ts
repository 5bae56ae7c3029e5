import type { IncomingMessage } from 'node:http'
import { fail } from '../../words/errors.ts'

/** How much more than it may send a client can send until it is no longer listened to. */
const PATIENCE = 64

/**
 * The whole body as text, empty when there is none. Throws `too-large` as soon as the limit is passed. What still comes
 * is thrown away, because a client that is writing reads no answer; one that never ends loses its connection.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  if (!hasBody(request)) return ''
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(request, maxBytes)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge(request, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined

function tooLarge(request: IncomingMessage, maxBytes: number): Error {
  let discarded = 0
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > PATIENCE * maxBytes) request.socket.destroy()
  })
  return fail('too-large', {
    what: 'the body of the request is too large',
    why: `the daemon takes ${maxBytes} bytes`,
    fix: 'raise http.max_body_bytes in tetrarchd.toml if this is a real guest definition',
  })
}
