import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createLibxlPool } from '../../src/libxl/worker-pool.ts'
import type { LibxlPool, LibxlPoolOptions, RunOptions } from '../../src/libxl/worker-pool.ts'
import type { TetrarchError } from '../../src/words/errors.ts'

const workerFile = fileURLToPath(new URL('./scripted-worker.ts', import.meta.url))
// Processes are started here, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 })
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 })
const pools: LibxlPool[] = []

function pool(options: LibxlPoolOptions = {}): LibxlPool {
  const made = createLibxlPool({ workerFile, graceMs: 300, ...options })
  pools.push(made)
  return made
}

afterEach(async () => {
  await Promise.all(pools.splice(0).map((made) => made.close()))
})

type Script = 'succeed' | 'fail' | 'segv' | 'wait' | 'hang' | 'fork then wait' | 'start QEMU then wait'
const create = (of: LibxlPool, script: Script, options?: RunOptions): Promise<{ readonly domid: number }> =>
  of.run({ op: 'create', config: { script } }, options)

const failure = async (outcome: Promise<unknown>): Promise<TetrarchError> =>
  outcome.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error as TetrarchError,
  )

/** Calls `then` with the first log line that matches. */
const onLine = (pattern: RegExp, then: (match: RegExpExecArray) => void): Pick<RunOptions, 'onLog'> => ({
  onLog: ({ text }) => {
    const match = pattern.exec(text)
    if (match !== null) then(match)
  },
})

/** A killed process whose parent died waits for init as a zombie; that one is dead. */
const alive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('an operation', () => {
  test('returns its result, after all of its log lines', async () => {
    const lines: string[] = []
    const result = await create(pool(), 'succeed', { onLog: ({ level, text }) => lines.push(`${level} ${text}`) })
    expect(result).toEqual({ domid: 7 })
    expect(lines).toEqual(['debug libxl: debug: scripted-worker.c:1:create: Domain 7:built'])
  })

  test('that fails shows what libxl complained about', async () => {
    const error = await failure(create(pool(), 'fail'))
    expect(error).toMatchObject({
      code: 'libxl-failed',
      parts: { why: 'ERROR_FAIL (-3)', evidence: ['libxl: error: scripted-worker.c:2:create: Domain 7:no'] },
    })
  })

  test('says which process serves it', async () => {
    const of = pool()
    const { promise, resolve } = Promise.withResolvers<number>()
    const outcome = failure(create(of, 'wait', { onWorker: resolve }))
    const pid = await promise
    expect(of.workers()).toMatchObject([{ pid, state: 'busy', op: 'create' }])
    process.kill(pid, 'SIGKILL')
    expect(await outcome).toMatchObject({ code: 'worker-died', parts: { why: 'SIGKILL' } })
  })

  test('whose worker crashes fails with the signal and the last lines, and the next one works', async () => {
    const of = pool()
    const error = await failure(create(of, 'segv'))
    expect(error).toMatchObject({ code: 'worker-died', parts: { why: 'SIGSEGV' } })
    expect(error.parts.evidence).toContain('libxl: debug: scripted-worker.c:3:create: Domain 7:about to crash')
    expect(await create(of, 'succeed')).toEqual({ domid: 7 })
  })
})

describe('a dead worker', () => {
  const dieWithChild = async (script: Script): Promise<number> => {
    const child = Promise.withResolvers<number>()
    const worker = Promise.withResolvers<number>()
    const outcome = failure(
      create(pool(), script, {
        onWorker: worker.resolve,
        ...onLine(/^child (\d+)$/, (match) => child.resolve(Number(match[1]))),
      }),
    )
    const childPid = await child.promise
    process.kill(await worker.promise, 'SIGSEGV')
    expect(await outcome).toMatchObject({ code: 'worker-died', parts: { why: 'SIGSEGV' } })
    return childPid
  }

  test('takes the children with it that libxl had forked', async () => {
    const child = await dieWithChild('fork then wait')
    await eventually(() => alive(child)).toBe(false)
  })

  test('leaves QEMU alive, and is not waited for while QEMU holds the log', async () => {
    const qemu = await dieWithChild('start QEMU then wait')
    expect(alive(qemu)).toBe(true)
    process.kill(qemu, 'SIGKILL')
  })
})

describe('a deadline', () => {
  test('aborts, and says that the worker stopped it', async () => {
    const error = await failure(create(pool(), 'wait', { deadlineMs: 500 }))
    expect(error).toMatchObject({ code: 'deadline', message: 'create took longer than 500 ms' })
    expect(error.parts.why).toContain('ERROR_ABORTED (-22)')
    expect(error.parts.evidence).toContain('libxl: debug: scripted-worker.c:4:create: Domain 7:waiting')
  })

  test('kills a worker that does not answer the abort, and says that something may be left', async () => {
    const error = await failure(create(pool(), 'hang', { deadlineMs: 500 }))
    expect(error).toMatchObject({ code: 'deadline', cause: { code: 'worker-died' } })
    expect(error.parts.why).toContain('killed')
    expect(error.parts.evidence).toContain('libxl: debug: scripted-worker.c:5:create: Domain 7:hanging')
  })
})

describe('a cancellation', () => {
  test('aborts a running operation', async () => {
    const controller = new AbortController()
    const outcome = failure(
      create(pool(), 'wait', { signal: controller.signal, ...onLine(/waiting/, () => controller.abort()) }),
    )
    expect(await outcome).toMatchObject({ code: 'cancelled', message: 'create was cancelled' })
  })

  test('takes a waiting request out of the queue', async () => {
    const of = pool({ max: 1 })
    const first = new AbortController()
    const second = new AbortController()
    const running = failure(create(of, 'wait', { signal: first.signal }))
    const waiting = failure(create(of, 'succeed', { signal: second.signal }))
    second.abort()
    expect(await waiting).toMatchObject({ code: 'cancelled', message: 'create was cancelled before it began' })
    first.abort()
    expect(await running).toMatchObject({ code: 'cancelled' })
  })

  test('before the call is a cancellation', async () => {
    expect(await failure(create(pool(), 'succeed', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'cancelled',
    })
  })
})

describe('the pool', () => {
  test('keeps the warm number of workers, also after one died', async () => {
    const of = pool({ warm: 2 })
    await eventually(() => of.workers().filter(({ state }) => state === 'idle').length).toBe(2)
    const [victim] = of.workers()
    process.kill(victim!.pid, 'SIGKILL')
    await expect
      .poll(() => of.workers().filter(({ state, pid }) => state === 'idle' && pid !== victim!.pid).length)
      .toBe(2)
  })

  test('keeps none by itself, starts one when work is expected, and lets it go after its time', async () => {
    const of = pool({ warm: 0, idleMs: 50 })
    expect(of.workers()).toEqual([])
    of.expectWork()
    of.expectWork()
    expect(of.workers()).toHaveLength(1)
    const served = Promise.withResolvers<number>()
    await create(of, 'succeed', { onWorker: served.resolve })
    expect([await served.promise]).toEqual(of.workers().map(({ pid }) => pid))
    await eventually(() => of.workers().length).toBe(0)
  })

  test('runs as many operations at once as it may, and lets extra workers go', async () => {
    const of = pool({ warm: 1, max: 3, idleMs: 50 })
    const controller = new AbortController()
    const outcomes = [1, 2, 3, 4].map(() => failure(create(of, 'wait', { signal: controller.signal })))
    await eventually(() => of.workers().filter(({ state }) => state === 'busy').length).toBe(3)
    expect(of.workers()).toHaveLength(3)
    controller.abort()
    expect((await Promise.all(outcomes)).map(({ code }) => code)).toEqual(Array(4).fill('cancelled'))
    await eventually(() => of.workers().length).toBe(1)
  })

  test('fails a request whose worker crashes at its start, and does not try again by itself', async () => {
    const of = pool({ workerArguments: ['crash at start'] })
    expect(await failure(create(of, 'succeed'))).toMatchObject({ code: 'worker-died', parts: { why: 'SIGABRT' } })
    await eventually(() => of.workers().length).toBe(0)
    expect(await failure(create(of, 'succeed'))).toMatchObject({ code: 'worker-died' })
  })

  test('gives up on a worker that is too slow to start', async () => {
    const of = pool({ workerArguments: ['never ready'], startMs: 100 })
    expect(await failure(create(of, 'succeed'))).toMatchObject({ code: 'worker-died', parts: { why: 'SIGKILL' } })
  })

  test('leaves no process behind when it is closed', async () => {
    const of = pool({ warm: 2 })
    const worker = Promise.withResolvers<number>()
    const outcome = failure(create(of, 'hang', { onWorker: worker.resolve }))
    await worker.promise
    const pids = of.workers().map(({ pid }) => pid)
    await of.close()
    expect(pids.filter(alive)).toEqual([])
    expect(await outcome).toMatchObject({ code: 'cancelled' })
    expect(await failure(create(of, 'succeed'))).toMatchObject({ code: 'cancelled' })
  })
})
