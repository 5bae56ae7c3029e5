/**
 * A worker program for tests of the pool: it speaks the workers' protocol and does what the name of the domain to create says,
 * so that every end a libxl worker can come to is a real end of a real process.
 */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { LOG_FD, endOfLog } from '../../src/libxl/worker-protocol.ts'
import type { FromWorker, ToWorker } from '../../src/libxl/worker-protocol.ts'

const send = (message: FromWorker): unknown => process.send?.(message)
const log = (text: string): unknown => writeSync(LOG_FD, `${text}\n`)

function succeed(id: number): void {
  log('libxl: debug: scripted-worker.c:1:create: Domain 7:built')
  log(endOfLog(id))
  send({ type: 'done', id, result: { domid: 7 } })
}

function failLike(id: number, why: string): void {
  log('libxl: error: scripted-worker.c:2:create: Domain 7:no')
  log(endOfLog(id))
  send({ type: 'failed', id, error: { code: 'libxl-failed', parts: { what: 'libxl_domain_create_new failed', why } } })
}

/** Keeps the log open after the worker is gone, as a child that libxl forked does. */
function startChild(args: { readonly ownSession: boolean }): void {
  const child = spawn('sleep', ['60'], {
    stdio: ['ignore', 'ignore', 'ignore', 'ignore', LOG_FD],
    detached: args.ownSession,
  })
  log(`child ${child.pid ?? 0}`)
}

const scripts: Readonly<Record<string, (id: number) => void>> = {
  succeed,
  fail: (id) => failLike(id, 'ERROR_FAIL (-3)'),
  segv: () => {
    log('libxl: debug: scripted-worker.c:3:create: Domain 7:about to crash')
    process.kill(process.pid, 'SIGSEGV')
  },
  'fork then wait': () => startChild({ ownSession: false }),
  'start QEMU then wait': () => startChild({ ownSession: true }),
  wait: () => log('libxl: debug: scripted-worker.c:4:create: Domain 7:waiting'),
  hang: () => {
    log('libxl: debug: scripted-worker.c:5:create: Domain 7:hanging')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'leave') process.exit(0)
  if (message.type === 'abort') {
    failLike(message.id, 'ERROR_ABORTED (-22)')
    return
  }
  const { request } = message
  if (request.op !== 'create') throw new Error('this script only creates')
  scripts[request.config['script'] as string]?.(message.id)
})
process.on('disconnect', () => process.exit(0))

if (process.argv[2] === 'crash at start') process.kill(process.pid, 'SIGABRT')
if (process.argv[2] === 'never ready') setInterval(() => undefined, 1000)
else send({ type: 'ready' })
