import { expect, test } from 'vitest'
import { emulationOf } from '../../src/qemu/emulated.ts'
import type { Domid, XenstorePath } from '../../src/words/ids.ts'
import type { DiskFacts, NicFacts } from '../../src/xenstore/devices.ts'

const facts = {
  ...{ devid: 0, backendDomid: 0 as Domid, backendKind: 'vbd', backend: '/x' as XenstorePath, state: null },
} as const
const disk = (more: Partial<DiskFacts> = {}): DiskFacts => ({
  ...{ kind: 'vbd', ...facts, vdev: 'xvda', params: '/srv/web.img', backendType: 'phy', access: 'read-write' },
  ...{ blockDevice: null, cdrom: false, ...more },
})
const nic = (more: Partial<NicFacts> = {}): NicFacts => ({
  ...{ kind: 'vif', ...facts, mac: null, bridge: null, script: null, type: 'vif_ioemu', vifName: null, ...more },
})
const view = (files: readonly string[] | null, interfaces: readonly string[] = []) => ({
  domid: 7 as Domid,
  openFiles: files === null ? null : new Set(files),
  hasInterface: (name: string) => Promise.resolve(interfaces.includes(name)),
})

test('a disk is emulated as long as QEMU has its image open', async () => {
  expect(await emulationOf(disk(), view(['/srv/web.img']))).toBe('present')
  expect(await emulationOf(disk(), view(['/srv/other.img']))).toBe('unplugged')
  expect(await emulationOf(disk({ blockDevice: '/dev/loop3' }), view(['/dev/loop3']))).toBe('present')
  expect(await emulationOf(disk({ blockDevice: '/dev/loop3' }), view(['/dev/loop4']))).toBe('unplugged')
})

test('nobody can tell where QEMU serves the PV disk too, or has gone', async () => {
  expect(await emulationOf(disk({ backendType: 'qdisk' }), view(['/srv/web.img']))).toBe('unknown')
  expect(await emulationOf(disk(), view(null))).toBe('unknown')
})

test('the fifth disk was never emulated, and a drive stays', async () => {
  expect(await emulationOf(disk({ vdev: 'xvde' }), view([]))).toBe('none')
  expect(await emulationOf(disk({ vdev: 'hdc', cdrom: true }), view([]))).toBe('present')
})

test('a nic is emulated as long as its tap is there, under whatever name', async () => {
  expect(await emulationOf(nic(), view([], ['vif7.0-emu']))).toBe('present')
  expect(await emulationOf(nic({ vifName: 'web' }), view([], ['web-emu']))).toBe('present')
  expect(await emulationOf(nic(), view([]))).toBe('unplugged')
  expect(await emulationOf(nic({ type: 'vif' }), view([]))).toBe('none')
})
