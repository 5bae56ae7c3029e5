import type { Capability } from '../words/capabilities.ts'

/** What of a host decides which modes it can run. */
export interface HostFacts {
  /** Such as 4.17.5. */
  readonly xenVersion: string
  readonly capabilities: ReadonlySet<Capability>
  readonly cpus: number
  readonly memoryMiB: number
  /** What Xen could give to new domains now. */
  readonly freeMemoryMiB: number
}

/** What is known of a running domain from the hypervisor and xenstore alone. */
export interface DomainFacts {
  readonly hvm: boolean
  /** XEN_X86_EMU_* bits (xen/include/public/arch-x86/xen.h). */
  readonly emulationFlags: number
  /** What libxl wrote into /libxl/DOMID/type, null when another toolstack made the domain. */
  readonly libxlType: 'pv' | 'pvh' | 'hvm' | null
  /** Names of the disks and nics whose PV frontend is connected. */
  readonly connectedPvDevices: readonly string[]
  /** HVM_PARAM_CALLBACK_IRQ is set (xen/include/public/hvm/params.h). */
  readonly callbackVector: boolean
  /** The shim's marker: the domain runs Xen inside. */
  readonly shim: boolean
}

/** What a kernel's ELF notes say it can do (xen/include/public/elfnote.h). */
export interface KernelFacts {
  readonly version: string | null
  readonly canPv: boolean
  readonly canPvh: boolean
}
