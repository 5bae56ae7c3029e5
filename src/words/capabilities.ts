/** What a host can offer to guests: Xen's /sys/hypervisor/properties and physinfo capabilities, by the names users know. */
export const capabilities = ['pv', 'pv32', 'hvm', 'hap', 'shadow', 'iommu', 'shim'] as const
export type Capability = (typeof capabilities)[number]

interface CapabilityFacts {
  readonly means: string
  readonly fix: string
  /** What Xen can do in its place, and at what price. */
  readonly otherwise?: { readonly capability: Capability; readonly price: string }
}

/** A capability in a user's words, and what to do when it is missing. */
export const capabilityFacts: Readonly<Record<Capability, CapabilityFacts>> = {
  pv: { means: 'Xen built with PV guest support', fix: 'boot a Xen built with CONFIG_PV' },
  pv32: {
    means: 'Xen with support of 32-bit PV guests',
    fix: 'boot Xen with pv=32 (built with CONFIG_PV32), or install a 64-bit kernel in the guest',
  },
  hvm: { means: 'hardware virtualization (VT-x or AMD-V)', fix: 'enable it in the firmware setup of this machine' },
  hap: {
    means: 'hardware assisted paging (EPT or NPT)',
    fix: 'enable it in the firmware setup, or remove "hap=0" from the command line of Xen',
    otherwise: { capability: 'shadow', price: 'Xen then keeps shadow page tables for it, which is slow' },
  },
  shadow: { means: 'Xen built with shadow paging', fix: 'boot a Xen built with CONFIG_SHADOW_PAGING' },
  iommu: { means: 'an IOMMU (VT-d or AMD-Vi)', fix: 'enable it in the firmware setup and boot Xen with iommu=1' },
  shim: {
    means: "Xen's PV shim, a file of this host",
    fix: 'install it (Debian: the package xen-utils of this Xen), or name it with pvshim_path',
  },
}
