/** What a guest is started from: a kernel in dom0, or the one on its own disk, looked at in the sandbox. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { DiskSpec } from '../../config/device-spec.ts'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { fixedMode } from '../../modes/choose.ts'
import { type SandboxOptions, extractBoot, inspectKernel } from '../../pygrub/sandbox.ts'
import type { DiskFormat } from '../../pygrub/types.ts'
import { fail } from '../../words/errors.ts'
import type { BootSource, Operation } from '../host.ts'
import { readBootArguments } from './boot-arguments.ts'

/** Names under which a definition asks for our own boot loader: pygrub is what it replaces. */
const OURS = new Set(['pygrub', 'tetrarch-pygrub'])

/** GRUB as a kernel, as Debian's grub-xen-host ships it, by what libxl builds and the firmware's name. */
const pvgrubs: Readonly<Record<string, string>> = {
  'pv pvgrub32': '/usr/lib/grub-xen/grub-i386-xen.bin',
  'pv pvgrub64': '/usr/lib/grub-xen/grub-x86_64-xen.bin',
  'pvh pvgrub32': '/usr/lib/grub-xen/grub-i386-xen_pvh.bin',
  'pvh pvgrub64': '/usr/lib/grub-xen/grub-i386-xen_pvh.bin',
}

export interface BootTools {
  readonly sandbox: SandboxOptions
  /** Extracted files are put in folders of their own below this one, each of which `releaseBoot` removes. */
  readonly folder: string
}

export async function prepareBoot(tools: BootTools, spec: GuestSpec, operation: Operation): Promise<BootSource> {
  if (spec.kernel !== undefined) return await directKernel(tools, spec, spec.kernel, operation)
  if (spec.firmware === 'pvgrub32' || spec.firmware === 'pvgrub64') return pvgrub(spec, spec.firmware)
  return await fromDisk(tools, spec, operation)
}

/** Removes what a daemon that was killed in the middle of a create had extracted. */
export const forgetExtractions = ({ folder }: BootTools): Promise<void> => rm(folder, { recursive: true, force: true })

export async function releaseBoot({ folder }: BootTools, { kernel }: BootSource): Promise<void> {
  if (kernel === null || !kernel.startsWith(`${folder}/`)) return
  const made = kernel.slice(folder.length + 1).split('/')[0]
  if (made) await rm(join(folder, made), { recursive: true, force: true })
}

/** A kernel that stands in dom0. A PV or PVH one is unpacked once here, since libxl would do it at every create. */
async function directKernel(
  tools: BootTools,
  spec: GuestSpec,
  kernel: string,
  operation: Operation,
): Promise<BootSource> {
  const words = { ramdisk: spec.ramdisk ?? null, cmdline: spec.cmdline ?? null }
  if (fixedMode(spec)?.kernel === null) {
    const booted = { how: 'kernel', what: basename(kernel), kernelVersion: null } as const
    return { kernel, ...words, booted, kernelFacts: null }
  }
  return await inFolder(tools, async (outputDirectory) => {
    const found = await inspectKernel({ kernel, outputDirectory }, tools.sandbox, operation.signal)
    const { version, canPv, canPvh } = found.kernelFacts
    const booted = { how: 'kernel', what: basename(kernel), kernelVersion: version } as const
    return { kernel: found.kernel, ...words, booted, kernelFacts: { version, canPv, canPvh } }
  })
}

function pvgrub(spec: GuestSpec, firmware: 'pvgrub32' | 'pvgrub64'): BootSource {
  const type = fixedMode(spec)?.libxlType ?? 'pvh'
  const kernel = pvgrubs[`${type} ${firmware}`]
  if (kernel === undefined)
    throw fail('mode-refused', { what: `"${spec.name}" cannot use firmware="${firmware}"`, fix: 'use pv or pvh' })
  const booted = { how: 'pvgrub', what: `${firmware} (${basename(kernel)})`, kernelVersion: null } as const
  return { kernel, ramdisk: spec.ramdisk ?? null, cmdline: spec.cmdline ?? null, booted, kernelFacts: null }
}

/** The kernel on the guest's first disk, as libxl's boot loaders take it (libxl_bootloader.c). */
async function fromDisk(tools: BootTools, spec: GuestSpec, operation: Operation): Promise<BootSource> {
  const { name, bootloader = 'pygrub' } = spec
  if (!OURS.has(basename(bootloader))) {
    throw fail('config-invalid', {
      what: `"${name}" wants the boot loader ${bootloader}`,
      why: 'tetrarch boots PV and PVH guests with its own boot loader, in a sandbox',
      fix: 'remove bootloader=, or set bootloader="pygrub"',
    })
  }
  const disk = spec.disks.find(({ target, cdrom }) => target !== null && !cdrom)
  if (disk === undefined || disk.target === null) {
    throw fail('boot-not-found', { what: `"${name}" has no disk to boot from`, fix: 'give disk= or kernel=' })
  }
  const { target } = disk
  const format = readable(disk.format, name)
  return await inFolder(tools, async (outputDirectory) => {
    const words = readBootArguments(spec.bootloaderArgs, name)
    const extraArgs = [words.extraArgs, spec.cmdline].filter((part) => part !== undefined).join(' ')
    const request = { disk: target, format, outputDirectory, ...words, extraArgs } as const
    const files = await extractBoot(request, tools.sandbox, operation.signal)
    for (const note of files.notes) operation.log(note)
    const { version, canPv, canPvh } = files.kernelFacts
    const booted = {
      how: 'boot-loader',
      what: `${files.entry.title} (${files.entry.partition}:${files.entry.source})`,
      kernelVersion: version,
    } as const
    return { ...files, booted, kernelFacts: { version, canPv, canPvh } }
  })
}

/** Never probed: a raw disk that begins like a qcow2 must not make us follow what its guest wrote there. */
function readable(format: DiskSpec['format'], guest: string): DiskFormat {
  if (format === 'raw' || format === 'qcow2' || format === 'vhd') return format
  throw fail('boot-not-found', {
    what: `the boot loader does not read disks of the format ${format}, such as that of "${guest}"`,
    fix: 'convert it with qemu-img to raw or qcow2, or give kernel=',
  })
}

/** Gives the work a folder of its own, which is gone again if the work fails. */
async function inFolder<T>({ folder }: BootTools, work: (outputDirectory: string) => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const own = await mkdtemp(join(folder, 'boot-'))
  try {
    return await work(own)
  } catch (thrown) {
    await rm(own, { recursive: true, force: true })
    throw thrown
  }
}
