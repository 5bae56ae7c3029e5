/** The connector of devices against both real xenstoreds and the kernel's loop devices; what is Xen's is done by the test. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { backendName, backendOf, backendRoot } from '../../src/daemon/xen/devices/backend.ts'
import { DeviceConnector } from '../../src/daemon/xen/devices/device-connector.ts'
import { domid, uuid } from '../../src/words/ids.ts'
import { XenstoreClient } from '../../src/xenstore/client.ts'
import { below, domainPath, vmPath, xenstorePath } from '../../src/xenstore/paths.ts'
import { type RealXenstored, startXenstored, type XenstoredKind } from './xenstored.ts'

const PROGRAM = '/usr/lib/tetrarch/connect-device'
const XVDA = 51712
const kinds: XenstoredKind[] = ['xenstored', 'oxenstored']
const uuidOf = (number: number) => uuid(`00000000-0000-0000-0000-${String(number).padStart(12, '0')}`)
const loops = () => execFileSync('losetup', ['-l', '-n', '-O', 'BACK-FILE,RO,AUTOCLEAR']).toString()

describe.each(kinds)('with %s', (kind) => {
  let daemon: RealXenstored
  let client: XenstoreClient
  let folder: string
  let connector: DeviceConnector
  const at = (...names: string[]) => join(folder, ...names)
  const disk = (number: number) => backendOf('vbd', domid(number), XVDA)
  const verdict = (number: number) => {
    const file = at('verdicts', backendName(disk(number)))
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
  }
  const read = (number: number, node: string) => client.readText(below(disk(number).path, node))

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tetrarch-devices-'))
    daemon = await startXenstored(kind)
    client = new XenstoreClient({ path: daemon.socket })
    for (const image of ['a.img', 'b.img']) {
      writeFileSync(at(image), '')
      truncateSync(at(image), 1024 * 1024)
    }
    const places = { verdicts: at('verdicts'), lock: at('lock', 'block'), backends: at('backends') }
    const limits = { lockMs: 5000, openMs: 5000, openVswitchMs: 5000 }
    connector = new DeviceConnector({
      xenstore: client,
      log: pino({ level: 'silent' }),
      program: PROGRAM,
      places,
      limits,
    })
    await connector.start()
    await client.watch(backendRoot('vbd'), (path) => void blkback(path))
  })
  afterAll(async () => {
    await connector.close()
    client.close()
    await daemon.stop()
    await rm(folder, { recursive: true })
  })

  /** As libxl begins a disk (libxl_disk.c). */
  async function begin(number: number, target: string, mode: string, script = PROGRAM): Promise<void> {
    await client.transaction(async (within) => {
      await within.write(below(domainPath(domid(number)), 'vm'), vmPath(uuidOf(number)))
      await within.write(below(domainPath(domid(number)), 'name'), `guest${number}`)
      const nodes = { params: target, mode, script, state: '1' }
      for (const [node, value] of Object.entries(nodes)) await within.write(below(disk(number).path, node), value)
    })
  }
  const verdictComes = (number: number) =>
    vi.waitFor(() => {
      const text = verdict(number)
      if (text === null) throw new Error('no verdict yet')
      return text
    }, 5000)
  /** As blkback does it: opens what it is told, and shows that it has. */
  const open = new Map<number, number>()
  const blkback = async (path: string) => {
    const number = Number(/\/(\d+)\/\d+\/physical-device$/.exec(path)?.[1])
    const device = Number.isNaN(number) ? null : await read(number, 'physical-device-path')
    if (device === null || open.has(number)) return
    open.set(number, openSync(device, 'r'))
    mkdirSync(at('backends', backendName(disk(number))), { recursive: true })
    writeFileSync(at('backends', backendName(disk(number)), 'physical_device'), '')
  }
  const end = async (number: number) => {
    closeSync(open.get(number) ?? openSync('/dev/null', 'r'))
    open.delete(number)
    await rm(at('backends', backendName(disk(number))), { recursive: true, force: true })
    await client.rm(xenstorePath(`/local/domain/0/backend/vbd/${number}`))
    await client.rm(domainPath(domid(number)))
    await vi.waitFor(() => expect(verdict(number)).toBeNull(), 5000)
  }

  test('a file becomes a loop device, which nobody has to let go of', async () => {
    await begin(1, at('a.img'), 'r')
    expect(await verdictComes(1)).toBe('connected')
    expect(await read(1, 'hotplug-status')).toBe('connected')
    expect(await read(1, 'physical-device')).toMatch(/^7:[0-9a-f]+$/)
    expect(await read(1, 'physical-device-path')).toMatch(/^\/dev\/loop\d+$/)
    expect(loops()).toMatch(new RegExp(`${at('a.img')} +1 +1`))
    await end(1)
    expect(loops()).not.toContain(at('a.img'))
  })

  test('a disk that one guest writes is given to no other, unless that is wanted', async () => {
    using expected = connector.expect(uuidOf(3))
    await begin(2, at('b.img'), 'w')
    expect(await verdictComes(2)).toBe('connected')
    await begin(3, at('b.img'), 'r')
    expect(await verdictComes(3)).toMatch(/the disk is in use.*domain 2 \(guest2\) has it read-write/)
    expect(await read(3, 'hotplug-status')).toBe('busy')
    expect(await read(3, 'physical-device')).toBeNull()
    expect(expected.failure).toMatchObject({ code: 'disk-in-use' })
    await begin(4, at('b.img'), 'w!')
    expect(await verdictComes(4)).toBe('connected')
    for (const number of [2, 3, 4]) await end(number)
    await begin(5, at('b.img'), 'w')
    expect(await verdictComes(5)).toBe('connected')
    await end(5)
  })

  test('of several who ask at once for a disk to write, one gets it', async () => {
    const numbers = [10, 11, 12, 13]
    await Promise.all(numbers.map((number) => begin(number, at('b.img'), 'w')))
    const verdicts = await Promise.all(numbers.map(verdictComes))
    expect(verdicts.filter((text) => text === 'connected')).toHaveLength(1)
    for (const number of numbers) await end(number)
  })

  test('a file that is missing is refused with its name', async () => {
    await begin(6, at('none.img'), 'w')
    expect(await verdictComes(6)).toContain('the disk cannot be opened read-write')
    expect(await read(6, 'hotplug-status')).toBe('error')
    await end(6)
  })

  test('a disk whose script is another is left alone', async () => {
    await begin(7, at('a.img'), 'w', '/etc/xen/scripts/block')
    await begin(8, at('b.img'), 'w')
    expect(await verdictComes(8)).toBe('connected')
    expect([verdict(7), await read(7, 'physical-device')]).toEqual([null, null])
    await end(7)
    await end(8)
  })

  test("what Xen's script gave to a guest of xl counts as well", async () => {
    execFileSync('losetup', ['-f', at('a.img')])
    const device = execFileSync('losetup', ['-j', at('a.img'), '-n', '-O', 'NAME'])
      .toString()
      .trim()
    try {
      await begin(9, at('a.img'), 'w', '/etc/xen/scripts/block')
      await client.write(below(disk(9).path, 'physical-device'), `7:${Number(/\d+$/.exec(device)?.[0]).toString(16)}`)
      await begin(20, at('a.img'), 'w')
      expect(await verdictComes(20)).toContain('domain 9 (guest9) has it read-write')
      await end(9)
      await end(20)
    } finally {
      execFileSync('losetup', ['-d', device])
    }
  })
})
