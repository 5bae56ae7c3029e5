/** Guests that are saved and go on, on real Xen: what they were at goes on, with their disks and their consoles. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MATERIAL } from '../../lab/demo-guests.ts'
import { dom0 } from '../../lab/dom0.ts'
import { type LabDaemon, killed, labDaemon, remains } from './lab-daemon.ts'
import { hardwareVirtualized, small } from './small-guests.ts'

const NAME = 'asleep'
const SAVED = '/var/lib/tetrarch/saved'
const devices = 'disk = ["/srv/asleep.img,raw,xvda,rw"]\nvif = ["bridge=xenbr0"]\n'
const pc = `
name = "${NAME}"
type = "hvm"
memory = 160
boot = "c"
hdtype = "ahci"
xen_platform_pci = 0
disk = ["${MATERIAL}/bios-hvm.img,raw,xvda,w"]
serial = "pty"
vga = "none"
`

let daemon: LabDaemon
beforeAll(async () => {
  daemon = await labDaemon()
  await daemon.clear()
  await dom0.sh('truncate -s 16M /srv/asleep.img')
})
afterEach(async () => {
  await daemon.clear()
  if ((await daemon.list()).some(({ name }) => name === NAME)) await daemon.act('destroy', NAME)
})
afterAll(() => dom0.sh('rm -f /srv/asleep.img'))

const files = () => dom0.sh(`ls ${SAVED}`)
const goOn = () => daemon.api.call('create', { query: { wait: 280_000 }, body: { name: NAME } })
const save = async () => {
  expect(await daemon.act('save', NAME)).toMatchObject({ state: 'succeeded', problem: null })
  expect(await daemon.guest(NAME)).toMatchObject({ state: 'saved', domid: null })
  expect(await remains()).toBe('')
}

/** A guest of each kind takes minutes where it is emulated. */
const isSlow = process.env['SLOW'] !== undefined
const types = isSlow ? (['pv', 'pvh'] as const) : (['pv'] as const)

describe.each(types)('a %s guest', hardwareVirtualized, (type) => {
  test('goes on with its programs, its disk and its interface', async () => {
    await daemon.create(small(NAME, type, '', devices))
    await daemon.marker(NAME)
    await daemon.inGuest(NAME, 'echo remembered > /tmp/word; (sleep 100000 &)')
    await save()
    expect(await goOn()).toMatchObject({ state: 'succeeded', problem: null })
    expect(await files()).toBe('')
    expect(await daemon.inGuest(NAME, 'cat /tmp/word; pidof sleep')).toMatch(/remembered\s+\d+/)
    expect(
      await daemon.inGuest(NAME, 'dd if=/dev/xvda of=/dev/null bs=64k count=1 2>&1; cat /sys/class/net/eth0/address'),
    ).toMatch(/1\+0 records out[^]*00:16:3e/)
    const { domid } = await daemon.guest(NAME)
    expect(await dom0.sh(`xl list ${domid ?? ''} | tail -n 1`)).toMatch(new RegExp(`^${NAME} `))
  })
})

test.for(isSlow ? [pc] : [])('an HVM guest goes on with a QEMU of its own', hardwareVirtualized, async (text) => {
  await daemon.create(text)
  await daemon.marker(NAME)
  await daemon.inGuest(NAME, 'echo remembered > /tmp/word')
  await save()
  expect(await goOn()).toMatchObject({ state: 'succeeded', problem: null })
  expect(await daemon.inGuest(NAME, 'cat /tmp/word')).toContain('remembered')
  const { domid } = await daemon.guest(NAME)
  expect(await dom0.sh(`pgrep -fc -- '[q]emu.*-xen-domid ${domid ?? ''} '`)).toBe('1')
})

test('a daemon that is killed in the middle of a save leaves the guest running, or saved', async () => {
  await daemon.create(small(NAME, 'pv', '', devices))
  await daemon.marker(NAME)
  await daemon.inGuest(NAME, 'echo remembered > /tmp/word')
  await daemon.api.call('save', { params: { guest: NAME } })
  await dom0.sh(`until ls ${SAVED} | grep -q part; do :; done`)
  await daemon.replace(killed)
  const state = await dom0.waitFor('the guest to be one or the other', async () => {
    const guest = await daemon.guest(NAME)
    return ['running', 'saved'].includes(guest.state) && guest.state
  })
  if (state === 'saved') await goOn()
  expect(await files()).toBe('')
  expect(await daemon.inGuest(NAME, 'cat /tmp/word')).toContain('remembered')
})

test(
  'with on_host_shutdown = "save" it goes on when the units of the host start again',
  { timeout: 600_000 },
  async () => {
    // As after the start of the host.
    await dom0.exec('systemctl start tetrarch-guests', { timeoutMs: 240_000 })
    await daemon.create(small(NAME, 'pv', '', `${devices}on_host_shutdown = "save"\n`))
    await daemon.marker(NAME)
    await daemon.inGuest(NAME, 'echo remembered > /tmp/word')
    await dom0.exec('systemctl stop tetrarch-guests tetrarch-guests-stop', { timeoutMs: 240_000 })
    expect(await daemon.guest(NAME)).toMatchObject({ state: 'saved', saved: { goesOnWithHost: true } })
    expect(await remains()).toBe('')
    await dom0.exec('systemctl start tetrarch-guests', { timeoutMs: 240_000 })
    expect(await daemon.guest(NAME)).toMatchObject({ state: 'running', saved: null })
    expect(await daemon.inGuest(NAME, 'cat /tmp/word')).toContain('remembered')
  },
)
