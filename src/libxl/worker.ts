/**
 * The entry of a libxl worker process: it opens libxenlight, says `ready`, and then runs one operation at a time for its parent.
 * It never starts a child process of its own: libxl and Node would fight over SIGCHLD. When its parent is gone it undoes what
 * makes or saves a domain, finishes anything else, and leaves.
 * Arguments: the version of Xen (default: that of the running hypervisor).
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { asTetrarchError } from '../words/errors.ts'
import { fcntl, leave } from './libc.ts'
import { openLibxl } from './libxl.ts'
import type { Libxl } from './libxl.ts'
import { bindOperations } from './operations.ts'
import type { Handlers, Operation } from './operations.ts'
import type { LibxlRequest } from './requests.ts'
import { IPC_FD, LOG_FD, endOfLog, toWire } from './worker-protocol.ts'
import type { FromWorker, ToWorker } from './worker-protocol.ts'
import { runningXenVersion, xenVersion } from './xen-version.ts'

/** An operation can be in JavaScript, before libxl knows of it: then ask again. */
const ABORT_AGAIN_MS = 20
/** What is of no use when nobody waits for its end. */
const GIVEN_UP: ReadonlySet<LibxlRequest['op']> = new Set(['create', 'restore', 'save'])
const EXIT_UNAVAILABLE = 69
const EXIT_BROKEN = 70
const F_SETFD = 2
const FD_CLOEXEC = 1

class AbortableOperation implements Operation {
  readonly id: number
  readonly op: LibxlRequest['op']
  readonly #libxl: Libxl
  #asking: Promise<void> | null = null
  #ended = false

  constructor(libxl: Libxl, id: number, op: LibxlRequest['op']) {
    this.#libxl = libxl
    this.id = id
    this.op = op
  }

  abort(): void {
    if (!this.#ended) this.#asking ??= this.#ask()
  }

  async endOfAborts(): Promise<boolean> {
    this.#ended = true
    await this.#asking
    return this.#asking !== null
  }

  async #ask(): Promise<void> {
    while (!this.#ended && !(await this.#libxl.abort())) await delay(ABORT_AGAIN_MS)
  }
}

function send(message: FromWorker, then: () => void = () => undefined): void {
  if (process.connected && process.send !== undefined) process.send(message, undefined, undefined, then)
  else then()
}

function serve(libxl: Libxl): void {
  const handlers = bindOperations(libxl)
  let current: AbortableOperation | null = null

  const run = async (id: number, request: LibxlRequest): Promise<void> => {
    const operation = new AbortableOperation(libxl, id, request.op)
    current = operation
    const answer = await answerTo(handlers, request, operation)
    await operation.endOfAborts()
    current = null
    markEndOfLog(id)
    send(answer)
    if (!process.connected) leave(0)
  }

  process.on('message', (message: ToWorker) => {
    if (message.type === 'run') void run(message.id, message.request)
    else if (message.type === 'leave') leave(0)
    else if (current?.id === message.id) current.abort()
  })
  process.on('disconnect', () => {
    if (current === null) leave(0)
    else if (GIVEN_UP.has(current.op)) current.abort()
  })
}

async function answerTo(handlers: Handlers, request: LibxlRequest, operation: AbortableOperation): Promise<FromWorker> {
  const handler = handlers[request.op] as (request: LibxlRequest, operation: Operation) => Promise<unknown>
  try {
    return { type: 'done', id: operation.id, result: await handler(request, operation) }
  } catch (error) {
    return { type: 'failed', id: operation.id, error: toWire(asTetrarchError(error)) }
  }
}

function markEndOfLog(id: number): void {
  try {
    writeSync(LOG_FD, `${endOfLog(id)}\n`)
  } catch {
    // Nobody reads the log any more: the parent is gone, and the 'disconnect' handler deals with that.
  }
}

process.on('uncaughtException', (error) => {
  writeSync(process.stderr.fd, `${error.stack ?? String(error)}\n`)
  leave(EXIT_BROKEN)
})

// What libxl executes must not hold these: QEMU outlives us.
for (const fd of [IPC_FD, LOG_FD]) fcntl(fd, F_SETFD, FD_CLOEXEC)

try {
  const version = process.argv[2]
  serve(openLibxl(version === undefined ? runningXenVersion() : xenVersion(version), LOG_FD))
  send({ type: 'ready' })
} catch (error) {
  send({ type: 'unavailable', error: toWire(asTetrarchError(error)) }, () => leave(EXIT_UNAVAILABLE))
}
