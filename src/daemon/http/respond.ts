import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { PROBLEM_TYPE } from '../../api/endpoints.ts'
import { toProblem } from '../../api/problem.ts'
import type { TetrarchError } from '../../words/errors.ts'

export const jsonText = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Sends one JSON text. A client that does not take it within `stallMs` loses its connection. */
export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  { headers = {}, stallMs }: { readonly headers?: OutgoingHttpHeaders; readonly stallMs: number },
): void {
  send(response, status, text, { headers: { 'content-type': 'application/json', ...headers }, stallMs })
}

/** Sends one text of this media type. */
export function sendText(
  response: ServerResponse,
  text: string,
  { type, stallMs }: { readonly type: string; readonly stallMs: number },
): void {
  send(response, OK, text, { headers: { 'content-type': type, 'cache-control': 'no-store' }, stallMs })
}

const OK = 200

function send(
  response: ServerResponse,
  status: number,
  text: string,
  { headers, stallMs }: { readonly headers: OutgoingHttpHeaders; readonly stallMs: number },
): void {
  const bytes = Buffer.from(text)
  // Node puts its keep-alive timeout in this one's place when the answer is out.
  response.socket?.setTimeout(stallMs)
  response.writeHead(status, { ...headers, 'content-length': bytes.length })
  response.end(bytes)
}

/** Sends an error as a problem document (RFC 9457). */
export function sendProblem(response: ServerResponse, error: TetrarchError, stallMs: number): void {
  const problem = toProblem(error)
  sendJson(response, problem.status, jsonText(problem), { headers: { 'content-type': PROBLEM_TYPE }, stallMs })
}
