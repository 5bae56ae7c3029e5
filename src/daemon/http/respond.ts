import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { PROBLEM_TYPE } from '../../api/endpoints.ts'
import { toProblem } from '../../api/problem.ts'
import type { TetrarchError } from '../../words/errors.ts'

/** Sends one value. A client that does not take it within `stallMs` loses its connection. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  { headers = {}, stallMs }: { readonly headers?: OutgoingHttpHeaders; readonly stallMs: number },
): void {
  const text = Buffer.from(`${JSON.stringify(value)}\n`)
  // Node puts its keep-alive timeout in this one's place when the answer is out.
  response.socket?.setTimeout(stallMs)
  response.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': text.length })
  response.end(text)
}

/** Sends an error as a problem document (RFC 9457). */
export function sendProblem(response: ServerResponse, error: TetrarchError, stallMs: number): void {
  const problem = toProblem(error)
  sendJson(response, problem.status, problem, { headers: { 'content-type': PROBLEM_TYPE }, stallMs })
}
