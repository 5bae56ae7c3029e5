/**
 * Each step of create, start, shutdown, reboot and destroy, once cancelled there, once with its libxl worker killed, once with
 * the daemon killed: afterwards the guest runs as one domain or nothing of it is left, and it starts again. A few telling
 * cells by default; TETRARCH_LAB_MATRIX=full tries all, and writes the table in docs/reliability.md.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dom0 } from '../../lab/dom0.ts'
import type { Event } from '../../src/api/event.ts'
import { type Task, isFinished } from '../../src/api/task.ts'
import { endDomain } from './end-domain.ts'
import { RELEASE, beginHolding, endHolding, hold, untilHeld } from './hold.ts'
import { type Cell, type Operation, allCells, cellsFor, matrixTable, operations } from './kill-matrix.ts'
import { type LabDaemon, killed, labDaemon, remains } from './lab-daemon.ts'
import { tinyPvgrub } from './small-guests.ts'

const NAME = 'matrix'
const TEXT = `${tinyPvgrub(NAME)}disk = ["/srv/matrix.img,raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n`
let memoryMiB = 32
/** Memory of its own for each, since what one of a shape takes is asked of libxl once. */
const text = () => TEXT.replace('memory = 32', `memory = ${memoryMiB}`)
const create = () => ({ definition: { file: '/root/matrix.cfg', text: text() } })

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('truncate -s 16M /srv/matrix.img')
  await beginHolding(daemon)
})
afterEach(async () => {
  await dom0.sh(RELEASE)
  await daemon.clear()
  await daemon.api.call('undefine', { params: { guest: NAME } }).catch(() => undefined)
})
afterAll(async () => {
  await endHolding(daemon)
  if (outcomes.size === allCells.length) await writeTable()
})

const begin: Readonly<Record<Operation, () => Promise<Task>>> = {
  create: () => daemon.api.call('create', { body: create() }),
  async start() {
    await daemon.api.call('define', { params: { guest: NAME }, body: { text: text() } })
    return daemon.api.call('create', { body: { name: NAME } })
  },
  shutdown: () => daemon.api.call('shutdown', { params: { guest: NAME } }),
  reboot: () => daemon.api.call('reboot', { params: { guest: NAME } }),
  destroy: () => daemon.api.call('destroy', { params: { guest: NAME } }),
}
const wordOf: Readonly<Partial<Record<Operation, 'poweroff' | 'reboot'>>> = { shutdown: 'poweroff', reboot: 'reboot' }

/** Takes a request as the driver of a guest does that has one (Linux, drivers/xen/manage.c), since this guest has none. */
async function takeRequest(domid: number, word: string): Promise<void> {
  const control = `/local/domain/${domid}/control/shutdown`
  await dom0.sh(`until [ "$(xenstore-read ${control})" = ${word} ]; do sleep 0.1; done; xenstore-write ${control} ''`)
}

/** Does what a guest does that is asked to end, as far as that lies before the step that is looked at. */
async function obey(operation: Operation, step: string | null, domid: number | null): Promise<void> {
  const word = wordOf[operation]
  if (word === undefined || domid === null || step === 'ask the guest') return
  await takeRequest(domid, word)
  if (step?.startsWith('wait for it') !== true) await endDomain(domid, word)
}

const workers = async () => (await daemon.api.call('host', {})).daemon.workers
const busyWith = (op: string) =>
  dom0.waitFor(`a worker at ${op}`, async () => (await workers()).find((worker) => worker.busyWith === op))

/** What shows that a long libxl operation is half done; a script that ends then. */
const halfway: Readonly<Record<string, (domid: number | null) => string>> = {
  create: () => 'until xenstore-list /local/domain/0/backend/vbd 2>/dev/null | grep -q .; do :; done',
  destroy: (domid) =>
    `while [ "$(xenstore-read /local/domain/0/backend/vif/${domid ?? 0}/0/online 2>/dev/null)" = 1 ]; do :; done`,
}

/** All workers stand still until one has the request; a long one then goes on for half of its way. */
async function killWorker(op: string, domid: number | null): Promise<void> {
  const all = await dom0.waitFor('a worker', async () => {
    const found = await workers()
    return found.length > 0 && found
  })
  const pids = all.map(({ pid }) => pid).join(' ')
  await dom0.sh(`kill -STOP ${pids}; ${RELEASE}`)
  const { pid } = await busyWith(op)
  const half = halfway[op]
  await dom0.sh(
    `${half === undefined ? ':' : `kill -CONT ${pids}; ${half(domid)}`}; kill -KILL ${pid}; kill -CONT ${pids} || true`,
  )
}

async function meet({ fault, point }: Cell, task: string, domid: number | null): Promise<void> {
  if (fault === 'daemon') {
    await daemon.replace((pid) => `${killed(pid)}; ${RELEASE}`)
    return
  }
  const ended = () => daemon.api.call('task', { params: { task }, query: { wait: 200_000 } })
  if (fault === 'cancel') {
    await daemon.api.call('cancel', { params: { task } })
    expect(await ended()).toMatchObject({ state: 'cancelled' })
    await dom0.sh(RELEASE)
    return
  }
  await killWorker(point.libxl ?? '', domid)
  const { problem, log } = await ended()
  expect([problem?.what, ...log].join('\n')).toContain(`the libxl worker died during ${point.libxl ?? ''}`)
}

/** No task is at work and no guest on its way. */
const settle = () =>
  dom0.waitFor(
    'all tasks to end',
    async () => {
      const tasks = await daemon.api.call('tasks', {})
      const guests = await daemon.list()
      return tasks.every(isFinished) && guests.every(({ state }) => ['running', 'halted'].includes(state))
    },
    { timeoutMs: 120_000, everyMs: 500 },
  )

const expectNothingLeft = () => expect.poll(remains, { timeout: 60_000, interval: 500 }).toBe('')

/** The guest runs as one domain, or nothing is left of it; and it starts again. Returns what became of it. */
async function expectWhole(operation: Operation, before: number | null): Promise<string> {
  await settle()
  const now = (await daemon.list()).find(({ domid }) => domid !== null)?.domid ?? null
  expect(await dom0.sh(`xl list | tail -n +3 | awk '{ print $2 }'`)).toBe(now === null ? '' : String(now))
  if (now !== null) expect(await daemon.act('destroy', NAME)).toMatchObject({ state: 'succeeded' })
  await expectNothingLeft()
  const again = await daemon.api.call('create', {
    query: { wait: 200_000 },
    body: operation === 'start' ? { name: NAME } : create(),
  })
  expect(again).toMatchObject({ state: 'succeeded', problem: null })
  await daemon.act('destroy', NAME)
  await expectNothingLeft()
  if (now === null) return 'gone'
  return now === before ? 'runs on' : 'runs anew'
}

const outcomes = new Map<string, string>()
const keyOf = ({ operation, point, fault }: Cell) => `${operation} ${point.step} ${fault}`

/** First, since it also leaves a warm worker to those that follow. */
test('the table names the steps that tasks go through', async () => {
  for (const operation of ['create', 'reboot', 'shutdown', 'start', 'destroy'] as const)
    expect(await stagesOf(operation)).toEqual(operations[operation].map(({ step }) => step))
})

async function stagesOf(operation: Operation): Promise<readonly string[]> {
  const domid = (await daemon.list()).find((guest) => guest.domid !== null)?.domid ?? null
  const since = await daemon.newest()
  const { id } = await begin[operation]()
  await obey(operation, null, domid)
  const stages: string[] = []
  const isLast = (event: Event) => {
    if (event.kind !== 'task' || event.task !== id) return false
    if (event.stage !== null && event.stage !== stages.at(-1)) stages.push(event.stage)
    return event.state === 'succeeded'
  }
  await daemon.event(isLast, since)
  return stages
}

describe.each(cellsFor(process.env['TETRARCH_LAB_MATRIX']))('$operation, held at "$point.step"', (cell) => {
  const { operation, point, fault } = cell
  test(`leaves nothing half-made: ${fault}`, async () => {
    memoryMiB++
    const isRunning = operation !== 'create' && operation !== 'start'
    if (isRunning) await daemon.create(text())
    const domid = isRunning ? (await daemon.guest(NAME)).domid : null
    await hold(point.step)
    const { id } = await begin[operation]()
    await obey(operation, point.step, domid)
    await untilHeld(daemon, id, point.step)
    await meet(cell, id, domid)
    outcomes.set(keyOf(cell), await expectWhole(operation, domid))
  })
})

async function writeTable(): Promise<void> {
  const file = new URL('../../docs/reliability.md', import.meta.url)
  const table = matrixTable((cell) => outcomes.get(keyOf(cell)) ?? '')
  const text = (await readFile(file, 'utf8')).replace(
    /(<!-- matrix -->)[^]*(<!-- end of matrix -->)/,
    `$1\n\n${table}\n\n$2`,
  )
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), parser: 'markdown' }))
}
