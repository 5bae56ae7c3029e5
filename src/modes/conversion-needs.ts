/** What a guest's own system must have to come up in another mode, judged from what was read on its disk. */
import type { GuestSpec } from '../config/guest-spec.ts'
import { type DeviceName, consolesOf, deviceNames, hardwareOf } from './convert.ts'
import type { Mode } from './mode.ts'

/** What of a guest's disk decides whether it comes up in another mode. */
export interface GuestSystem {
  /** Such as `Debian GNU/Linux 12 (bookworm)`; null where the disk does not say. */
  readonly name: string | null
  /** The default entry of its boot menu; null where it has none that can be read. */
  readonly commandLine: string | null
  /** What its fstab mounts. */
  readonly mounts: readonly { readonly device: string; readonly on: string }[]
  /** Whether the disk's first sector has code that a BIOS starts. */
  readonly biosBoot: boolean
  /** Whether a volume has EFI/BOOT/BOOTX64.EFI. */
  readonly efiBoot: boolean
  /** Where the PV disk driver of the default entry's kernel is, as far as it is there when the kernel looks for its root. */
  readonly pvDisk: Exclude<DriverPlace, 'module'>
  /** Where its PV network driver is. */
  readonly pvNic: DriverPlace
}

/** `module`: a file of the root file system alone. */
export type DriverPlace = 'built-in' | 'in-initramfs' | 'module' | 'missing' | 'unknown'

export interface Need {
  /** `cannot` refuses the conversion; `look` is for the user to judge. */
  readonly weight: 'met' | 'look' | 'cannot'
  readonly what: string
  readonly seen: string
  readonly fix: string | null
}

interface Situation {
  readonly spec: GuestSpec
  /** The definition after the conversion. */
  readonly converted: GuestSpec
  readonly from: Mode
  readonly to: Mode
  readonly system: GuestSystem
}

const met = (what: string, seen: string): Need => ({ weight: 'met', what, seen, fix: null })

export const needsOf = (situation: Situation): readonly Need[] => [
  ...bootNeeds(situation),
  ...driverNeeds(situation),
  ...nameNeeds(situation),
  ...argumentNeeds(situation),
]

/** Whoever boots through firmware brings a boot loader along. */
function bootNeeds({ converted, to, system: { biosBoot, efiBoot } }: Situation): readonly Need[] {
  if (!to.boot.includes('firmware') || converted.kernel !== undefined || to.diskNeeds === null) return []
  const isEfi = converted.firmware === 'ovmf'
  const what = 'a boot loader of its own on the disk'
  if (isEfi ? efiBoot : biosBoot) return [met(what, isEfi ? 'EFI/BOOT/BOOTX64.EFI' : 'code in its first sector')]
  const other = isEfi ? biosBoot : efiBoot
  const fix = other ? `set firmware="${isEfi ? 'seabios' : 'ovmf'}"; or ${to.diskNeeds.fix}` : to.diskNeeds.fix
  return [{ weight: 'cannot', what, seen: isEfi ? 'no EFI/BOOT/BOOTX64.EFI' : 'no code in its first sector', fix }]
}

const places: Readonly<Record<DriverPlace, string>> = {
  'built-in': 'is built into its kernel',
  'in-initramfs': 'is in its initramfs',
  module: 'is a module of its kernel',
  missing: 'is neither in its kernel nor in its initramfs',
  unknown: 'could not be looked for',
}
const ADD_DRIVERS = 'Debian: add xen-blkfront and xen-netfront to /etc/initramfs-tools/modules, update-initramfs -u'

/** Without its disk no system comes up; without its network it does, and nobody reaches it. */
function driverNeeds({ converted, to, system: { pvDisk, pvNic } }: Situation): readonly Need[] {
  if (hardwareOf(to) === 'emulated') return []
  const need = (what: string, driver: string, place: DriverPlace, missing: Need['weight']): Need => {
    const weight = place === 'missing' ? missing : place === 'unknown' ? 'look' : 'met'
    return { weight, what, seen: `${driver} ${places[place]}`, fix: weight === 'met' ? null : ADD_DRIVERS }
  }
  return [
    need("Xen's disk driver at boot", 'xen-blkfront', pvDisk, 'cannot'),
    ...(converted.nics.length === 0 ? [] : [need("Xen's network driver", 'xen-netfront', pvNic, 'look')]),
  ]
}

/** Devices by which its boot menu and its fstab find their file systems. */
function nameNeeds(situation: Situation): readonly Need[] {
  const { spec, from, to, system } = situation
  const changed = deviceNames(spec, from, to).filter(({ before, after, kind }) => kind === 'disk' && before !== after)
  const root = /(?:^| )root=(\S+)/.exec(system.commandLine ?? '')?.[1]
  const uses = [
    ...(root === undefined ? [] : [{ device: root, seenIn: `root=${root} in its boot menu` }]),
    ...system.mounts.map(({ device, on }) => ({ device, seenIn: `${device} on ${on} in its fstab` })),
  ].filter(({ device }) => /^\/dev\/(hd|sd|xvd)[a-z]/.test(device))
  const what = 'names of its file systems that stay'
  const broken = uses.flatMap(({ device, seenIn }) => {
    const name = changed.find(({ before }) => device.startsWith(`/dev/${before}`))
    return name === undefined ? [] : [brokenName(what, seenIn, device, name)]
  })
  if (broken.length > 0) return broken
  const fixed = uses.length === 0 ? 'its boot menu and fstab use no device names' : 'the device names that it uses stay'
  return system.commandLine === null && system.mounts.length === 0
    ? [{ weight: 'look', what, seen: 'its boot menu and fstab could not be read', fix: null }]
    : [met(what, fixed)]
}

const brokenName = (what: string, seen: string, device: string, { before, after }: DeviceName): Need => ({
  weight: 'cannot',
  what,
  seen: `${seen}, which becomes ${device.replace(before, after)}`,
  fix: 'use UUID= or LABEL= there (blkid shows them)',
})

/** Words by which a Linux keeps away from Xen's devices (Linux Documentation/admin-guide/kernel-parameters.txt). */
const AGAINST_PV = /(?:^| )(xen_nopv|nopv|xen_emul_unplug=never)(?: |$)/

function argumentNeeds({ converted, to, system }: Situation): readonly Need[] {
  const line = converted.kernel === undefined ? system.commandLine : (converted.cmdline ?? '')
  if (line === null) return []
  const against = hardwareOf(to) === 'both' ? AGAINST_PV.exec(line)?.[1] : undefined
  const pvNeed: Need[] =
    against === undefined
      ? []
      : [
          {
            weight: 'cannot',
            what: 'a kernel that takes PV drivers',
            seen: `${against} in its arguments`,
            fix: `remove ${against}`,
          },
        ]
  const consoles = consolesOf(converted, to)
  if (consoles.length === 0) return pvNeed
  const has = consoles.find((name) => new RegExp(`(?:^| )console=${name}\\b`).test(line))
  const what = `a console that is shown here (${consoles.join(' or ')})`
  const seen = has === undefined ? 'no such console= in its arguments' : `console=${has} in its arguments`
  const fix =
    has === undefined ? `add console=${consoles[0] ?? ''} to its kernel's arguments, to see why a start fails` : null
  return [...pvNeed, { weight: has === undefined ? 'look' : 'met', what, seen, fix }]
}
