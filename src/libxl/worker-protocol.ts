/** The words between the daemon and a worker, over Node's IPC channel, and where the worker's descriptors are. */
import type { ErrorCode, ErrorParts, TetrarchError } from '../words/errors.ts'
import type { LibxlRequest } from './requests.ts'

/** Descriptors of a worker; 0 and 1 are /dev/null, 2 is read like the log. */
export const IPC_FD = 3
export const LOG_FD = 4

export type ToWorker =
  | { readonly type: 'run'; readonly id: number; readonly request: LibxlRequest }
  /** Stop the operation and undo what it did; the answer to its `run` still comes. */
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'leave' }

export interface WireError {
  readonly code: ErrorCode
  readonly parts: ErrorParts
}

export type FromWorker =
  | { readonly type: 'ready' }
  /** libxl cannot work here; the worker leaves. */
  | { readonly type: 'unavailable'; readonly error: WireError }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }

export const toWire = ({ code, parts }: TetrarchError): WireError => ({ code, parts })

/**
 * The log and the answers come on two ways. This line in the log, just before an answer, says that all of the operation's
 * lines are before it. It begins with a NUL, which no text of libxl contains.
 */
export const endOfLog = (id: number): string => `\0end ${id}`
