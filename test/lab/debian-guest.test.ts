/** A whole Debian with its own kernel, initrd and GRUB: one disk, moved through the modes that its kernel can be in. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { material } from '../../lab/material.ts'
import { type LabDaemon, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized } from './small-guests.ts'

const BUILD_MS = 1_200_000
/** A PC with firmware, boot loader and systemd, all of it emulated. */
const BOOT_MS = 600_000

const NAME = 'debian'
const IMAGE = `${MATERIAL}/debian.img`
const DEFINITION = `name = "${NAME}"
type = "pv"
memory = 384
disk = [ "${IMAGE},raw,xvda,w" ]
vif = [ "bridge=xenbr0" ]
hdtype = "ahci"
`
/** DMA: emulated, a BIOS takes minutes to read an IDE disk word by word. QEMU takes no AHCI disk away, so it is seen twice. */
const DISKS = { PV: 'xvda', PVH: 'xvda', HVM: 'sda,xvda' }
type Said = keyof typeof DISKS

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await material([NAME])
  await daemon.api.call('define', { params: { guest: NAME }, body: { text: DEFINITION } })
}, BUILD_MS)
afterAll(async () => {
  await daemon.clear()
  await daemon.api.call('undefine', { params: { guest: NAME } })
  await dom0.sh(`rm -f ${IMAGE} /etc/tetrarch/guests/${NAME}.cfg.*`)
})

const isUp = async (type: Said) => {
  const line = await daemon.marker(NAME, { type, timeoutMs: BOOT_MS })
  expect(line).toMatch(new RegExp(`disks=${DISKS[type]} nics=e\\w+ frontends=vbd-51712,vif-0`))
}

test('it boots the kernel of its own disk as PV', async () => {
  expect(await daemon.api.call('create', { query: { wait: 280_000 }, body: { name: NAME } })).toMatchObject({
    state: 'succeeded',
  })
  await isUp('PV')
  const { domid, booted, deviceModel, mode } = await daemon.guest(NAME)
  expect(mode).toMatchObject({ chosen: 'pv', observed: 'pv', differs: false })
  expect(deviceModel).toBeNull()
  expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe('pv')
  expect(booted).toMatchObject({ how: 'boot-loader', what: expect.stringContaining('Debian') as string })
})

const allMoves = [
  { was: 'PV', to: 'pvh', said: 'PVH', libxl: 'pvh', how: 'boot-loader', qemus: 0 },
  { was: 'PVH', to: 'pvhvm', said: 'HVM', libxl: 'hvm', how: 'firmware', qemus: 1 },
  { was: 'HVM', to: 'pv', said: 'PV', libxl: 'pv', how: 'boot-loader', qemus: 0 },
] as const
/** Its boot as an emulated PC takes minutes: SLOW=1 goes all the way round. */
const moves = allMoves.slice(0, process.env['SLOW'] === undefined ? 1 : undefined)

test.each(moves)('it comes up as $to by `convert`', { timeout: 2 * BOOT_MS, ...hardwareVirtualized }, async (move) => {
  const { was, to, said, libxl, how, qemus } = move
  await isUp(was)
  const { id } = await daemon.api.call('convert', {
    params: { guest: NAME },
    body: { to, ready: `TETRARCH-GUEST type=${said} `, timeoutMs: BOOT_MS },
  })
  const isOver = async () => {
    const task = await daemon.api.call('task', { params: { task: id }, query: { wait: 60_000 } })
    return task.finishedAt !== null && task
  }
  const task = await dom0.waitFor('the conversion to end', isOver, { timeoutMs: 2 * BOOT_MS })
  expect(task).toMatchObject({ state: 'succeeded', problem: null })
  await isUp(said)
  const { domid, booted, mode } = await daemon.guest(NAME)
  expect(mode).toMatchObject({ configured: to, observed: to, differs: false })
  expect(booted?.how).toBe(how)
  expect(await dom0.sh(`xenstore-read /libxl/${domid}/type`)).toBe(libxl)
  expect(await dom0.sh(`ps -eo args | grep -c '[q]emu.*-xen-domid ${domid} ' || true`)).toBe(String(qemus))
})

test('its disk is sound after it, and has what it wrote in every mode', { timeout: BOOT_MS }, async () => {
  expect(await daemon.act('shutdown', NAME)).toMatchObject({ state: 'succeeded', problem: null })
  const partition = `'${IMAGE}?offset=2097152'`
  const written = await dom0.sh(`debugfs -R 'cat /var/log/marker' ${partition} 2>/dev/null`)
  const types = Array.from(written.matchAll(/^TETRARCH-GUEST type=(\w+)/gm), ([, type]) => type)
  expect(types.filter((type, i) => type !== types[i - 1])).toEqual(['PV', ...moves.map(({ said }) => said)])
  await dom0.sh(`e2fsck -fn ${partition}`)
  expect(await remains()).toBe('')
})
