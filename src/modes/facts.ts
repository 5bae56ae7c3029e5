import type { NicDefaults } from '../config/nic-defaults.ts'
import type { Capability } from '../words/capabilities.ts'
import type { LibxlType } from './domain-type.ts'

/** What of a host decides which modes it can run. */
export interface HostFacts {
  /** Such as 4.17.5. */
  readonly xenVersion: string
  readonly capabilities: ReadonlySet<Capability>
  readonly cpus: number
  /** The processors of each NUMA node. */
  readonly numaNodes: readonly (readonly number[])[]
  readonly memoryMiB: number
  /** What Xen could give to new domains now. */
  readonly freeMemoryMiB: number
  /** What xl.conf says for nics that leave it open; left out where there is nothing of the kind. */
  readonly nicDefaults?: NicDefaults
}

/** What is known of a running domain from the hypervisor and xenstore alone. */
export interface DomainFacts {
  readonly hvm: boolean
  /** XEN_X86_EMU_* bits (xen/include/public/arch-x86/xen.h). */
  readonly emulationFlags: number
  /** What libxl wrote into /libxl/DOMID/type, null when another toolstack made the domain. */
  readonly libxlType: LibxlType | null
  /** Names of the disks and nics whose PV frontend is connected. */
  readonly connectedPvDevices: readonly string[]
  /** HVM_PARAM_CALLBACK_IRQ is set (xen/include/public/hvm/params.h). */
  readonly callbackVector: boolean
  /** libxl's record of the domain says that it runs Xen's shim inside. */
  readonly shim: boolean
}

/** What a kernel's ELF notes say it can do (xen/include/public/elfnote.h). */
export interface KernelFacts {
  readonly version: string | null
  readonly bits: 32 | 64
  readonly canPv: boolean
  readonly canPvh: boolean
}

/** What was found of the kernel that a guest would boot. */
export type KernelFinding =
  | { readonly found: 'kernel'; readonly facts: KernelFacts }
  /** GRUB as a kernel, of which there is one for PV and one for PVH. */
  | { readonly found: 'pvgrub' }
  /** It was looked for; `why` there is none. */
  | { readonly found: 'none'; readonly why: string }
  /** Nobody looked, so nothing is said about it. */
  | { readonly found: 'not-looked-for' }

export const NOT_LOOKED_FOR: KernelFinding = { found: 'not-looked-for' }
