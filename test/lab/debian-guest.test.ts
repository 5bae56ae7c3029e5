/** A whole Debian, with its own kernel, initrd and GRUB: one disk that boots as PV and as PVH, one after the other. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { material } from '../../lab/material.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

const BUILD_MS = 1_200_000
const BOOT = { timeoutMs: 280_000, everyMs: 1000 }

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await material(['debian'])
}, BUILD_MS)
afterAll(async () => {
  await daemon.clear()
  await dom0.sh(`rm -f ${MATERIAL}/debian.img`)
})

const definition = (type: 'pv' | 'pvh') => `
name = "debian"
type = "${type}"
memory = 384
disk = [ "${MATERIAL}/debian.img,raw,xvda,w" ]
vif = [ "bridge=xenbr0" ]
`

test.each([
  ['pv', 'type=PV '],
  ['pvh', 'type=PVH '],
] as const)('type="%s" boots the kernel of its own disk', hardwareVirtualized, async (type, said) => {
  await daemon.clear()
  await daemon.create(definition(type))
  const line = await dom0.waitFor(
    'the system to be up',
    async () => (await daemon.guest('debian')).consoleTail.find((text) => text.includes('TETRARCH-GUEST')),
    BOOT,
  )
  expect(line).toContain(said)
  expect(line).toMatch(/disks=xvda nics=\w+ frontends=vbd-51712,vif-0/)
  const { domid, booted, deviceModel, mode: seen } = await daemon.guest('debian')
  expect(seen).toMatchObject({ chosen: type, observed: type, differs: false })
  expect(deviceModel).toBeNull()
  expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe(type)
  expect(booted).toMatchObject({ how: 'boot-loader', what: expect.stringContaining('Debian') as string })
  expect(await daemon.act('shutdown', 'debian')).toMatchObject({ state: 'succeeded', problem: null })
  expect(await remains()).toBe('')
})
