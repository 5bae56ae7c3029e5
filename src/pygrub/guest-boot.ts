/** What a guest's definition says of booting from its own disk: which disk, which entry, which words for the kernel. */
import { basename } from 'node:path'
import type { DiskSpec } from '../config/device-spec.ts'
import type { GuestSpec } from '../config/guest-spec.ts'
import { bootDiskFormats } from '../words/boot-disk-formats.ts'
import { fail } from '../words/errors.ts'
import { readBootArguments } from './boot-arguments.ts'
import type { BootRequest, DiskFormat, DiskRequest } from './types.ts'

/** Names under which a definition asks for our own boot loader: pygrub is what it replaces. */
const OURS = new Set(['pygrub', 'tetrarch-pygrub'])

/** The guest's first disk, as libxl's boot loaders take it (libxl_bootloader.c). Throws `config-invalid`, `boot-not-found`. */
export function diskToBoot({ name, bootloader = 'pygrub', disks }: GuestSpec): DiskRequest {
  if (!OURS.has(basename(bootloader))) {
    throw fail('config-invalid', {
      what: `"${name}" wants the boot loader ${bootloader}`,
      why: 'tetrarch boots PV and PVH guests with its own boot loader, in a sandbox',
      fix: 'remove bootloader=, or set bootloader="pygrub"',
    })
  }
  const disk = disks.find(({ target, cdrom }) => target !== null && !cdrom)
  if (disk === undefined || disk.target === null) {
    throw fail('boot-not-found', { what: `"${name}" has no disk to boot from`, fix: 'give disk= or kernel=' })
  }
  return { disk: disk.target, format: readable(disk.format, name) }
}

/** The disk that holds its system, whatever boots it; null when there is none that can be read. */
export function diskOfSystem({ disks }: GuestSpec): DiskRequest | null {
  const disk = disks.find(({ target, cdrom }) => target !== null && !cdrom)
  const format = bootDiskFormats.find((each) => each === disk?.format)
  return disk === undefined || disk.target === null || format === undefined ? null : { disk: disk.target, format }
}

/** Never probed: a raw disk that begins like a qcow2 must not make us follow what its guest wrote there. */
function readable(format: DiskSpec['format'], guest: string): DiskFormat {
  if (format === 'raw' || format === 'qcow2' || format === 'vhd') return format
  throw fail('boot-not-found', {
    what: `the boot loader does not read disks of the format ${format}, such as that of "${guest}"`,
    fix: 'convert it with qemu-img to raw or qcow2, or give kernel=',
  })
}

/** What is asked of the boot loader besides the disk. */
export type BootWords = Pick<BootRequest, 'entry' | 'kernel' | 'ramdisk' | 'extraArgs' | 'cmdline'>

/** The definition's words, and over them what was chosen for this start alone. Throws `config-invalid`. */
export function bootWords(spec: GuestSpec, choice: Partial<BootWords> = {}): BootWords {
  const { extraArgs, ...defined } = readBootArguments(spec.bootloaderArgs, spec.name)
  const added = [extraArgs, spec.cmdline].filter((part) => part !== undefined && part !== '').join(' ')
  // An entry and a kernel exclude each other, so one that is chosen takes the place of both.
  const isChosen = choice.entry !== undefined || choice.kernel !== undefined
  return { ...(isChosen ? {} : defined), ...choice, extraArgs: added }
}
