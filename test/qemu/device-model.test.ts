import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceModelPidOf, processUsage } from '../../src/qemu/device-model.ts'
import { domid } from '../../src/words/ids.ts'
import { Operations } from '../../src/xenstore/operations.ts'

/** A xenstore that holds these values and nothing else. */
const xenstoreWith = (values: Record<string, string>) =>
  new Operations((_, payload) => {
    const value = values[payload.toString().slice(0, -1)]
    return Promise.resolve(value === undefined ? { errno: 'ENOENT' } : { payload: Buffer.from(value) })
  }, 4096)

const DEVICE_MODEL = '/local/domain/7/image/device-model-pid'
const QDISK_BACKEND = '/local/domain/0/libxl/7/qdisk-backend-pid'
const guest = domid(7)

describe('the QEMU of a domain', () => {
  let serving: ChildProcess
  let other: ChildProcess
  const sleeper = async (...args: string[]) => {
    const process = spawn('sh', ['-c', 'read _', 'qemu-system-i386', ...args], { argv0: 'qemu', stdio: 'pipe' })
    await once(process, 'spawn')
    return process
  }
  beforeAll(async () => {
    serving = await sleeper('-xen-domid', '7', '-no-shutdown')
    other = await sleeper('-xen-domid', '77')
  })
  afterAll(() => {
    serving.kill()
    other.kill()
  })

  test('is the process that xenstore names, if it says that it serves this domain', async () => {
    expect(await deviceModelPidOf(xenstoreWith({ [DEVICE_MODEL]: String(serving.pid) }), guest)).toBe(serving.pid)
    expect(await deviceModelPidOf(xenstoreWith({ [QDISK_BACKEND]: String(serving.pid) }), guest)).toBe(serving.pid)
  })

  test.each([
    ['nothing', () => ({})],
    ['a process of another domain', () => ({ [DEVICE_MODEL]: String(other.pid) })],
    ['a process that is no QEMU', () => ({ [DEVICE_MODEL]: String(process.pid) })],
    ['a process that is gone', () => ({ [DEVICE_MODEL]: '4194305' })],
    ['a path', () => ({ [DEVICE_MODEL]: `${serving.pid}/../self` })],
    ['itself in octal', () => ({ [DEVICE_MODEL]: `0${serving.pid}` })],
    ['something that is no number', () => ({ [DEVICE_MODEL]: 'self' })],
  ])('is none when xenstore names %s', async (_, values) => {
    expect(await deviceModelPidOf(xenstoreWith(values()), guest)).toBeNull()
  })

  test('is the backend’s when the device model’s pid is stale', async () => {
    const values = { [DEVICE_MODEL]: String(other.pid), [QDISK_BACKEND]: String(serving.pid) }
    expect(await deviceModelPidOf(xenstoreWith(values), guest)).toBe(serving.pid)
  })
})

describe('what a process uses', () => {
  test('is read from /proc', async () => {
    const usage = await processUsage(process.pid)
    expect(usage?.residentKiB).toBeGreaterThan(1_000)
    expect(usage?.cpuSeconds).toBeGreaterThan(0)
    expect(usage?.cpuSeconds).toBeLessThan(performance.now() * 100)
  })

  test('is null for one that has gone', async () => {
    expect(await processUsage(4_194_305)).toBeNull()
  })

  test('does not trip over a name with blanks and parentheses', async () => {
    const proc = await mkdtemp(join(tmpdir(), 'tetrarch-proc-'))
    await mkdir(join(proc, '5'))
    await writeFile(join(proc, '5/stat'), '5 (a) R 1 (b) S 1 2 3 4 5 6 7 8 9 10 250 150 0 0\n')
    await writeFile(join(proc, '5/status'), 'Name:\ta) R 1 (b\nVmRSS:\t  2048 kB\n')
    expect(await processUsage(5, proc)).toEqual({ residentKiB: 2048, proportionalKiB: 2048, cpuSeconds: 4 })
    await rm(proc, { recursive: true })
  })
})
