/** What a guest is started from: a kernel in dom0, or the one on its own disk, looked at in the sandbox. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { GuestSpec } from '../../config/guest-spec.ts'
import { fixedMode } from '../../modes/choose.ts'
import type { KernelFacts } from '../../modes/facts.ts'
import { modeNamed } from '../../modes/index.ts'
import { bootWords, diskToBoot } from '../../pygrub/guest-boot.ts'
import { type SandboxOptions, extractBoot, inspectKernel } from '../../pygrub/sandbox.ts'
import type { KernelFacts as PygrubFacts } from '../../pygrub/types.ts'
import { fail } from '../../words/errors.ts'
import type { BootChoice, BootSource, Operation } from '../host.ts'

/** GRUB as a kernel, as Debian's grub-xen-host ships it, by the kind of kernel that the mode wants and the firmware's name. */
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

export async function prepareBoot(
  tools: BootTools,
  spec: GuestSpec,
  operation: Operation,
  choice: BootChoice = {},
): Promise<BootSource> {
  if (spec.kernel !== undefined) return await directKernel(tools, spec, spec.kernel, operation)
  if (spec.firmware === 'pvgrub32' || spec.firmware === 'pvgrub64') return pvgrub(spec, spec.firmware)
  return await fromDisk(tools, spec, choice, operation)
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
    const kernelFacts = factsOf(found.kernelFacts)
    const booted = { how: 'kernel', what: basename(kernel), kernelVersion: kernelFacts.version } as const
    return { kernel: found.kernel, ...words, booted, kernelFacts }
  })
}

function pvgrub(spec: GuestSpec, firmware: 'pvgrub32' | 'pvgrub64'): BootSource {
  const wants = (fixedMode(spec) ?? modeNamed('pvh')).kernel?.wants ?? 'none'
  const kernel = pvgrubs[`${wants} ${firmware}`]
  if (kernel === undefined)
    throw fail('mode-refused', { what: `"${spec.name}" cannot use firmware="${firmware}"`, fix: 'use pv or pvh' })
  const booted = { how: 'pvgrub', what: `${firmware} (${basename(kernel)})`, kernelVersion: null } as const
  return { kernel, ramdisk: spec.ramdisk ?? null, cmdline: spec.cmdline ?? null, booted, kernelFacts: null }
}

/** What the modes ask of a kernel. */
const factsOf = ({ version, architecture, canPv, canPvh }: PygrubFacts): KernelFacts => ({
  version,
  bits: architecture === 'x86_32' ? 32 : 64,
  canPv,
  canPvh,
})

/** The kernel on the guest's first disk. */
async function fromDisk(
  tools: BootTools,
  spec: GuestSpec,
  choice: BootChoice,
  operation: Operation,
): Promise<BootSource> {
  const request = { ...diskToBoot(spec), ...bootWords(spec, choice) }
  return await inFolder(tools, async (outputDirectory) => {
    const files = await extractBoot({ ...request, outputDirectory }, tools.sandbox, operation.signal)
    for (const note of files.notes) operation.log(note)
    const kernelFacts = factsOf(files.kernelFacts)
    const booted = {
      how: 'boot-loader',
      what: `${files.entry.title} (${files.entry.partition}:${files.entry.source})`,
      kernelVersion: kernelFacts.version,
    } as const
    return { ...files, booted, kernelFacts }
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
