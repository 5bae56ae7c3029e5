import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { NDJSON_TYPE } from '../../api/endpoints.ts'

export interface StreamOptions {
  /** A quiet stream gets an empty line this often, so that both ends notice a dead other one. Milliseconds. */
  readonly heartbeatMs: number
  /** A client that takes nothing for so long loses its connection. Milliseconds. */
  readonly stallMs: number
  /** Ends the stream. */
  readonly signal: AbortSignal
}

/**
 * Sends values as they come, one JSON text a line. At most one value is held back here: a source that must not wait
 * bounds its own backlog.
 */
export async function streamLines(
  response: ServerResponse,
  values: AsyncIterable<unknown>,
  { heartbeatMs, stallMs, signal }: StreamOptions,
): Promise<void> {
  response.writeHead(200, { 'content-type': NDJSON_TYPE, 'cache-control': 'no-store', connection: 'close' })
  response.flushHeaders()
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write('\n')
  }, heartbeatMs)
  try {
    for await (const value of values) {
      if (signal.aborted) break
      heartbeat.refresh()
      if (!response.write(`${JSON.stringify(value)}\n`)) await drained(response, stallMs, signal)
    }
    response.end()
  } catch (error) {
    // The client sees a stream without its end, which is what happened.
    response.destroy()
    if (!signal.aborted) throw error
  } finally {
    clearInterval(heartbeat)
  }
}

async function drained(response: ServerResponse, stallMs: number, signal: AbortSignal): Promise<void> {
  const stalled = setTimeout(() => response.destroy(), stallMs)
  try {
    await once(response, 'drain', { signal })
  } finally {
    clearTimeout(stalled)
  }
}
