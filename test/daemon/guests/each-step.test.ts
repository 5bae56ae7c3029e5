/**
 * Each call that an operation makes to the host, once cancelled there, once with its worker dead, once with the daemon gone:
 * whatever comes of it, nothing is left that no guest uses, and the guest starts again. test/lab/kill-matrix.test.ts does
 * the same to the steps on real Xen.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Task, isFinished } from '../../../src/api/task.ts'
import type { FaultPoint } from '../../../src/daemon/simulated/faults.ts'
import { fail } from '../../../src/words/errors.ts'
import { type DaemonUnderTest, daemonUnderTest } from './daemon-under-test.ts'

const TEXT = `name = "web"\ntype = "pvh"\nmemory = 128\nkernel = "/vmlinuz"\ndisk = ["/srv/web.img,raw,xvda,rw"]\n`
const DEFINITION = { file: '/tmp/web.cfg', text: TEXT }

type Operation = 'create' | 'shutdown' | 'reboot' | 'destroy'
const starting = ['checkResources', 'prepareBoot', 'neededMemoryMiB', 'build', 'openConsole', 'unpause'] as const
const calls: Readonly<Record<Operation, readonly FaultPoint[]>> = {
  create: starting,
  shutdown: ['shutdown', 'destroy'],
  reboot: ['reboot', 'configuration', 'destroy', ...starting],
  destroy: ['destroy'],
}
const cells = Object.entries(calls).flatMap(([operation, points]) =>
  points.map((point) => [operation as Operation, point] as const),
)
/** Calls that end by themselves soon, and a destroy that has begun, of which half would be worse, are not cancelled. */
const brief: readonly FaultPoint[] = ['openConsole', 'checkResources']
const cancellable = cells.filter(([, point]) => point !== 'destroy' && !brief.includes(point))
const killable = cells.filter(([, point]) => !brief.includes(point))

let under: DaemonUnderTest
beforeEach(async () => {
  under = await daemonUnderTest()
})
afterEach(async () => {
  await under[Symbol.asyncDispose]()
})

const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })
const settled = () =>
  until(() => {
    expect(under.daemon.tasks.list().every(isFinished)).toBe(true)
    const busy: readonly string[] = ['starting', 'stopping', 'dying', 'shutdown']
    expect(under.daemon.guests.list().filter(({ state }) => busy.includes(state))).toEqual([])
  })

/** The guest runs as one domain or is gone without a trace; and starts again. */
async function expectWhole(): Promise<void> {
  await settled()
  const running = under.daemon.guests.list().filter(({ domid }) => domid !== null)
  expect(under.host.domains()).toHaveLength(running.length)
  if (running.length > 0) await under.act('destroy', 'web')
  // Kernels that a killed daemon had unpacked are files, which the next one removes; here they are a list of the host's.
  await until(() => expect(under.host.remains().filter((text) => !text.startsWith('kernel'))).toEqual([]))
  await vi.waitFor(async () => expect(await readdir(join(under.config.paths.state, 'domains'))).toEqual([]))
  expect(await under.create(TEXT)).toMatchObject({ state: 'succeeded' })
}

/** Faults are met by the next call of that name, so those of the guest's own start are let pass. */
async function beginWith(operation: Operation, arm: () => void): Promise<Task> {
  if (operation === 'create') {
    arm()
    return under.daemon.guests.create({ definition: DEFINITION, paused: false }, 'test')
  }
  await under.create(TEXT)
  arm()
  return under.daemon.guests.act(operation, 'web', 'test')
}

describe.each(cells)('%s, in the middle of %s', (operation, point) => {
  test('loses its worker', async () => {
    const died = fail('worker-died', { what: 'the worker died' })
    const { id } = await beginWith(operation, () => {
      under.host.failNext(point, died)
      // The disk of a guest that reboots is looked at ahead, of which no failure counts.
      if (operation === 'reboot' && point === 'prepareBoot') under.host.failNext(point, died)
    })
    await under.daemon.tasks.wait(id, 5000)
    await expectWhole()
  })
})

describe.each(cancellable)('%s, in the middle of %s', (operation, point) => {
  test('is cancelled', async () => {
    const { id } = await beginWith(operation, () => under.host.hangNext(point))
    await until(() => expect(under.host.hangs(point)).toBe(true))
    under.daemon.tasks.cancel(id)
    expect(await under.daemon.tasks.wait(id, 5000)).toMatchObject({ state: 'cancelled' })
    await expectWhole()
  })
})

describe.each(killable)('%s, in the middle of %s', (operation, point) => {
  test('loses the daemon', async () => {
    await beginWith(operation, () => under.host.hangNext(point))
    await until(() => expect(under.host.hangs(point)).toBe(true))
    await under.startAnew()
    await expectWhole()
  })
})

test('the disk of a guest that reboots is read while its old domain is taken apart', async () => {
  const { id } = await beginWith('reboot', () => {
    under.host.hangNext('configuration')
    under.host.hangNext('prepareBoot')
  })
  await until(() => expect(under.host.hangs('configuration') && under.host.hangs('prepareBoot')).toBe(true))
  under.daemon.tasks.cancel(id)
  expect(await under.daemon.tasks.wait(id, 5000)).toMatchObject({ state: 'cancelled' })
  await expectWhole()
})
