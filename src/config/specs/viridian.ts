/** Hyper-V's interfaces that Xen offers (xl.cfg(5), viridian; Xen tools/libs/light/libxl_types.idl, libxl_viridian_enlightenment). */

/** Their names; libxl's numbers for them are their places here. */
export const enlightenments = [
  'base',
  'freq',
  'time_ref_count',
  'reference_tsc',
  'hcall_remote_tlb_flush',
  'apic_assist',
  'crash_ctl',
  'synic',
  'stimer',
  'hcall_ipi',
  'ex_processor_masks',
  'no_vp_limit',
  'cpu_hotplug',
] as const

type Enlightenment = (typeof enlightenments)[number]

/** What may stand in the list: a name, `!name` to switch it off, or a group of them. */
export const viridianWords: readonly (Enlightenment | `!${Enlightenment}` | 'all' | 'defaults')[] = [
  'all',
  'defaults',
  ...enlightenments,
  ...enlightenments.map((name) => `!${name}` as const),
]
