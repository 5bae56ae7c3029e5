import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readDeviceCounters } from '../../../src/daemon/xen/device-counters.ts'
import { vbdName } from '../../../src/daemon/xen/vbd-name.ts'
import { domid } from '../../../src/words/ids.ts'

/** A tree like /sys of a dom0: devices are links there, and so is each interface of /sys/class/net. */
let sys: string
beforeEach(async () => {
  sys = await mkdtemp(join(tmpdir(), 'tetrarch-sys-'))
  await mkdir(join(sys, 'bus/xen-backend/devices'), { recursive: true })
  await mkdir(join(sys, 'class/net'), { recursive: true })
})
afterEach(() => rm(sys, { recursive: true }))

async function numbers(folder: string, values: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(join(folder, 'statistics'), { recursive: true })
  for (const [name, value] of Object.entries(values)) await writeFile(join(folder, 'statistics', name), `${value}\n`)
}

async function device(name: string): Promise<string> {
  const folder = join(sys, 'devices', name)
  await mkdir(folder, { recursive: true })
  await symlink(folder, join(sys, 'bus/xen-backend/devices', name))
  return folder
}

const vbd = { oo_req: 1, rd_req: 10, wr_req: 20, f_req: 3, ds_req: 0, rd_sect: 16, wr_sect: 64 }
const net = { rx_bytes: 1, tx_bytes: 2, rx_packets: 3, tx_packets: 4, rx_dropped: 5, tx_dropped: 6 }

test('disks are counted in bytes, by what they are called in the guest', async () => {
  await numbers(await device('vbd-3-51712'), vbd)
  const found = await readDeviceCounters(sys)
  expect(found.get(domid(3))?.disks).toEqual([
    { name: 'xvda', reads: 10, writes: 20, flushes: 3, readBytes: 16 * 512, writtenBytes: 64 * 512 },
  ])
})

test('what dom0 sends on an interface is what the guest receives, whatever the interface is called', async () => {
  await numbers(join(await device('vif-3-0'), 'net/dmz0'), net)
  const found = await readDeviceCounters(sys)
  expect(found.get(domid(3))?.nics).toEqual([
    {
      name: 'vif0',
      receivedBytes: 2,
      sentBytes: 1,
      receivedPackets: 4,
      sentPackets: 3,
      receiveDropped: 6,
      sendDropped: 5,
    },
  ])
})

test('the emulated card beside an interface counts with it', async () => {
  await numbers(join(await device('vif-3-0'), 'net/vif3.0'), net)
  await numbers(join(sys, 'class/net/vif3.0-emu'), net)
  expect((await readDeviceCounters(sys)).get(domid(3))?.nics).toMatchObject([{ receivedBytes: 4, sentBytes: 2 }])
})

test('devices that come and go, are of another kind, or count nothing are left out', async () => {
  await device('vbd-1-51712')
  await device('vif-1-0')
  await device('qdisk-2-51712')
  await device('vkbd-2-0')
  const found = await readDeviceCounters(sys)
  expect([...found.values()].flatMap(({ disks, nics }) => [...disks, ...nics])).toEqual([])
})

test('a host without backends has no counters', async () => {
  expect(await readDeviceCounters(join(sys, 'nowhere'))).toEqual(new Map())
})

describe('the number of a virtual disk (xen-vbd-interface(7))', () => {
  test.each([
    [51_712, 'xvda'],
    [51_713, 'xvda1'],
    [51_728, 'xvdb'],
    [51_952, 'xvdp'],
    [(1 << 28) | (16 << 8), 'xvdq'],
    [(1 << 28) | (26 << 8) | 2, 'xvdaa2'],
    [768, 'hda'],
    [832, 'hdb'],
    [5632, 'hdc'],
    [5696, 'hdd'],
    [2048, 'sda'],
    [2065, 'sdb1'],
    [99_999, 'disk99999'],
  ])('%i is %s', (devid, name) => {
    expect(vbdName(devid)).toBe(name)
  })
})
