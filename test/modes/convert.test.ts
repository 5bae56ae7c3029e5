import { describe, expect, test } from 'vitest'
import { type GuestSystem, type Need, needsOf } from '../../src/modes/conversion-needs.ts'
import { consolesOf, convertSpec, deviceNames } from '../../src/modes/convert.ts'
import { allModes, modeNamed } from '../../src/modes/index.ts'
import type { ModeName } from '../../src/words/mode-names.ts'
import { DISK, host, kernel, spec } from './facts.ts'
import { judge } from '../../src/modes/verdict.ts'

const debian: GuestSystem = {
  name: 'Debian',
  commandLine: 'root=UUID=1 ro console=hvc0',
  mounts: [{ device: 'UUID=1', on: '/' }],
  biosBoot: true,
  efiBoot: false,
  pvDisk: 'in-initramfs',
  pvNic: 'module',
}
const hvmGuest = spec(
  ...['type = "hvm"', 'xen_platform_pci = 0', DISK, 'vif = ["type=ioemu,model=e1000"]'],
  ...['vga = "stdvga"', 'vnc = 1', 'serial = "pty"', 'bios = "seabios"', 'usb = 1', 'boot = "c"'],
)
const needs = (from: ModeName, to: ModeName, system: Partial<GuestSystem>, guest = spec('type = "pv"', DISK)) =>
  needsOf({
    spec: guest,
    converted: convertSpec(guest, modeNamed(from), modeNamed(to)),
    from: modeNamed(from),
    to: modeNamed(to),
    system: { ...debian, ...system },
  })
const against = (all: readonly Need[]) => all.filter(({ weight }) => weight === 'cannot').map(({ seen }) => seen)

describe.each(allModes.filter(({ name }) => name !== 'pv-in-pvh'))('the definition as $name', (to) => {
  test.each(allModes)('has nothing that the mode refuses, whatever it was: from $name', (from) => {
    const guest = from.deviceModel === 'always' ? hvmGuest : spec(`mode = "${from.name}"`, DISK)
    const converted = convertSpec(guest, from, to)
    expect(converted.mode).toBe(to.name)
    expect(judge(to, converted, host(), kernel()).possible).toBe(true)
  })
})

test('between modes without emulated hardware only the mode changes', () => {
  const guest = spec('type = "pv"', DISK, 'hdtype = "ahci"', 'vnc = 0')
  expect(convertSpec(guest, modeNamed('pv'), modeNamed('pvh'))).toEqual({ ...guest, mode: 'pvh' })
})

test('a framebuffer becomes the screen of an emulated card', () => {
  const guest = spec('type = "pv"', DISK, 'vfb = ["vnc=1,vncdisplay=3"]')
  const converted = convertSpec(guest, modeNamed('pv'), modeNamed('pvhvm'))
  expect(converted.vfbs).toEqual([])
  expect(converted.vnc).toMatchObject({ enabled: true, display: 3 })
})

test('a kernel of dom0 stays with its arguments; those for the boot loader of dom0 go with it', () => {
  const direct = spec('type = "pv"', 'kernel = "/k"', 'extra = "quiet"', DISK)
  expect(convertSpec(direct, modeNamed('pv'), modeNamed('pvhvm'))).toMatchObject({ kernel: '/k', cmdline: 'quiet' })
  const own = spec('type = "pv"', 'bootloader = "pygrub"', 'extra = "quiet"', DISK)
  const converted = convertSpec(own, modeNamed('pv'), modeNamed('pvhvm'))
  expect([converted.bootloader, converted.cmdline]).toEqual([undefined, undefined])
})

describe('inside the guest', () => {
  test('disks are xvd under PV drivers and sd without, whatever the definition calls them', () => {
    const guest = spec('type = "hvm"', 'disk = ["/x,raw,hda,rw", "/y,raw,xvdb,rw", ",raw,hdc:cdrom,r"]')
    const names = deviceNames(guest, modeNamed('hvm'), modeNamed('pvhvm'))
    expect(names.map(({ before, after }) => [before, after])).toEqual([
      ['sda', 'xvda'],
      ['sdb', 'xvdb'],
    ])
  })

  test('there is hvc0 with PV drivers, and a serial port only where one is emulated', () => {
    expect(consolesOf(hvmGuest, modeNamed('hvm'))).toEqual(['ttyS0'])
    expect(consolesOf(hvmGuest, modeNamed('pvhvm'))).toEqual(['hvc0', 'ttyS0'])
    expect(consolesOf(hvmGuest, modeNamed('pvh'))).toEqual(['hvc0'])
  })
})

describe('what its system must have', () => {
  test('is there in a Debian with a boot loader', () => {
    for (const to of ['pvh', 'pvhvm'] as const) {
      expect(needs('pv', to, {}).every(({ weight }) => weight === 'met')).toBe(true)
    }
  })

  test('a boot loader of its own, for firmware', () => {
    expect(against(needs('pv', 'pvhvm', { biosBoot: false }))).toEqual(['no code in its first sector'])
    expect(against(needs('pv', 'pvh', { biosBoot: false }))).toEqual([])
  })

  test('the PV disk driver, where there is nothing else', () => {
    expect(against(needs('hvm', 'pvhvm', { pvDisk: 'missing' }))).toHaveLength(1)
    expect(against(needs('pv', 'hvm', { pvDisk: 'missing' }))).toEqual([])
  })

  test('the PV network driver, to be reached, if it has a nic', () => {
    const guest = spec('type = "pv"', DISK, 'vif = ["bridge=xenbr0"]')
    const looks = (more: Partial<GuestSystem>, which = guest) =>
      needs('pv', 'pvh', more, which).filter(({ weight }) => weight === 'look')
    expect(looks({ pvNic: 'missing' })).toMatchObject([
      { seen: 'xen-netfront is neither in its kernel nor in its initramfs' },
    ])
    expect(looks({})).toEqual([])
    expect(looks({ pvNic: 'missing' }, spec('type = "pv"', DISK))).toEqual([])
  })

  test('file systems that are found when their disk is called otherwise', () => {
    const byName = { commandLine: 'root=/dev/sda1', mounts: [{ device: '/dev/sda2', on: '/home' }] }
    expect(against(needs('hvm', 'pvhvm', byName))).toEqual([
      'root=/dev/sda1 in its boot menu, which becomes /dev/xvda1',
      '/dev/sda2 on /home in its fstab, which becomes /dev/xvda2',
    ])
    expect(against(needs('pv', 'pvh', { commandLine: 'root=/dev/xvda1' }))).toEqual([])
  })

  test('a kernel that does not refuse PV drivers', () => {
    const system = { commandLine: 'root=UUID=1 xen_emul_unplug=never console=hvc0' }
    expect(against(needs('hvm', 'pvhvm', system))).toEqual(['xen_emul_unplug=never in its arguments'])
  })

  test('a console that is shown is only for the user to look at', () => {
    const seen = needs('pv', 'pvh', { commandLine: 'root=UUID=1' })
    expect(seen.filter(({ weight }) => weight === 'look')).toMatchObject([
      { fix: expect.stringContaining('hvc0') as string },
    ])
  })
})
