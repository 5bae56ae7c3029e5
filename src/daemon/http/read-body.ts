import type { IncomingMessage } from 'node:http'
import { fail } from '../../words/errors.ts'

/**
 * The whole body as text, empty when there is none. Throws `too-large` as soon as the limit is passed; what still
 * comes is thrown away unread, because a client that writes reads no answer, and the server's request timeout ends it.
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
  request.resume()
  return fail('too-large', {
    what: 'the body of the request is too large',
    why: `the daemon takes ${maxBytes} bytes`,
    fix: 'raise http.max_body_bytes in tetrarchd.toml if this is a real guest definition',
  })
}
