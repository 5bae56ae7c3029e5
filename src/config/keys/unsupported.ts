/** Keys that xl 4.17 reads and that tetrarch does not support, or that xl itself ignores. */
import type { Value } from '../parse.ts'
import { key, type Codec, type KeyRow } from './row.ts'

const anything: Codec<Value> = { form: 'ANY', read: (value) => value, write: () => [] }

const unsupported = (name: string, says: string, instead?: string): KeyRow =>
  key(name, anything, `@${name}`, says, { support: 'unsupported', ...(instead !== undefined && { instead }) })

const arm = 'For Arm hosts.'

export const unsupportedKeys: readonly KeyRow[] = [
  key('vif2', anything, '@vif2', 'Was for netchannel2, which is gone; xl ignores it too.', { support: 'ignored' }),
  key('nodes', anything, '@nodes', 'Was for the NUMA nodes of a guest; no xl of today reads it.', {
    support: 'ignored',
    instead: 'write cpus = "nodes:…"',
  }),
  key('pvh', anything, '@pvh', 'Was for PVH before Xen 4.10; xl ignores it, so that the guest becomes PV.', {
    support: 'ignored',
    instead: 'write type = "pvh"',
  }),
  key('sched', anything, '@sched', 'Was for the scheduler; no xl of today reads it.', { support: 'ignored' }),
  unsupported('hvm_pirq', 'Interrupts through event channels for emulated devices.'),
  unsupported('altp2m', 'Alternate memory maps for introspection.'),
  unsupported('altp2m_count', 'How many alternate memory maps there are.'),
  unsupported('altp2mhvm', 'Alternate memory maps for introspection, the old way.'),
  unsupported('vsnd', 'Paravirtual sound cards.'),
  unsupported('vdispl', 'Paravirtual displays.', 'use vfb'),
  unsupported('vkb', 'Paravirtual keyboards beside those of a framebuffer.', 'use vfb'),
  unsupported('virtio', 'Generic virtio devices.'),
  unsupported('pvcalls', 'Sockets of dom0 offered to the guest.'),
  unsupported('dtdev', arm),
  unsupported('device_tree', arm),
  unsupported('gic_version', arm),
  unsupported('vuart', arm),
  unsupported('tee', arm),
  unsupported('sve', arm),
  unsupported('nr_spis', arm),
  unsupported('arm_sci', arm),
  unsupported('llc_colors', 'Cache colouring.'),
  unsupported('xenstore_quota', 'Quotas in xenstore.'),
  unsupported('xenstore_feature_mask', 'Features of xenstore that the guest may not use.'),
  unsupported('xen_platform_pci_bar_uc', 'Whether the memory of the platform device may be cached.'),
  unsupported('trap_unmapped_accesses', arm),
  unsupported('vmtrace_buf_kb', 'Buffers for processor traces.'),
  unsupported('vpmu', 'Performance counters for the guest.'),
  unsupported('mca_caps', 'Machine-check capabilities.'),
  unsupported('msr_relaxed', 'Lets accesses to unknown registers pass.'),
  unsupported('xend_suspend_evtchn_compat', 'Suspend protocol of very old guests.'),
]
