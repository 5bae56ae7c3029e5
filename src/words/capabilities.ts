/** What a host can offer to guests: Xen's /sys/hypervisor/properties and physinfo capabilities, by the names users know. */
export const capabilities = ['pv', 'hvm', 'hap', 'iommu'] as const
export type Capability = (typeof capabilities)[number]

/** A capability in a user's words, and what to do when it is missing. */
export const capabilityFacts: Readonly<Record<Capability, { readonly means: string; readonly fix: string }>> = {
  pv: { means: 'Xen built with PV guest support', fix: 'boot a Xen built with CONFIG_PV' },
  hvm: { means: 'hardware virtualization (VT-x or AMD-V)', fix: 'enable it in the firmware setup of this machine' },
  hap: {
    means: 'hardware assisted paging (EPT or NPT)',
    fix: 'enable it in the firmware setup, or remove "hap=0" from the command line of Xen',
  },
  iommu: { means: 'an IOMMU (VT-d or AMD-Vi)', fix: 'enable it in the firmware setup and boot Xen with iommu=1' },
}
