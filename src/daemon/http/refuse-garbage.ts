import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { PROBLEM_TYPE } from '../../api/endpoints.ts'
import { toProblem } from '../../api/problem.ts'
import { fail } from '../../words/errors.ts'

/** What Node's parser says of a client, as an error of ours. */
const faults: Readonly<Record<string, () => Error & ReturnType<typeof fail>>> = {
  HPE_HEADER_OVERFLOW: () => fail('too-large', { what: 'the headers of the request are too large' }),
  ERR_HTTP_REQUEST_TIMEOUT: () => fail('deadline', { what: 'the request did not arrive in time' }),
}

/** Answers what is not HTTP, and requests that never become complete, and closes their connection. */
export function refuseGarbage(error: Error & { readonly code?: string }, socket: Duplex): void {
  const fault = faults[error.code ?? '']
  const problem = toProblem(
    fault === undefined ? fail('usage', { what: 'this is not HTTP', why: error.message }) : fault(),
  )
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const text = `${JSON.stringify(problem)}\n`
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Connection: close',
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy())
}
