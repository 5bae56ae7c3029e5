/** The processor, clocks and machine that a guest sees: fields of its specification (guest-spec.ts). */
import { z } from 'zod'
import { viridianWords } from './specs/viridian.ts'
import { flag, list, mebibytes, text, uint32 } from './spec-values.ts'

export const PlatformFields = {
  acpi: flag,
  acpiS3: flag,
  acpiS4: flag,
  acpiLaptopSlate: flag,
  apic: flag,
  pae: flag,
  nx: flag,
  hap: flag,
  hpet: flag,
  vptAlign: flag,
  nestedHvm: flag,
  /** True or false as a whole, or the enlightenments by name, `!name` switching one off. */
  viridian: z.union([z.boolean(), list(z.enum(viridianWords))]).optional(),
  cpuid: z.union([text, list(text)]).optional(),
  localtime: flag,
  rtcTimeOffsetSeconds: z.int().min(-0x80000000).max(0xffffffff).optional(),
  tscMode: z.enum(['default', 'always_emulate', 'native', 'native_paravirt']).optional(),
  timerMode: z
    .enum(['delay_for_missed_ticks', 'no_delay_for_missed_ticks', 'no_missed_ticks_pending', 'one_missed_tick_pending'])
    .optional(),
  /** A new VM generation ID at each start; Windows guests read it. */
  generationId: z.enum(['generate', 'none']).optional(),
  /** HVM_BELOW_4G_MMIO_LENGTH to HVM_BELOW_4G_MMIO_START (Xen xen/include/public/hvm/e820.h). */
  mmioHoleMiB: z.int().min(256).max(3840).optional(),
  e820Host: flag,
  passthrough: z.enum(['default', 'disabled', 'enabled', 'sync_pt', 'share_pt']).optional(),
  rdm: z
    .strictObject({ strategy: z.enum(['ignore', 'host']).optional(), policy: z.enum(['strict', 'relaxed']).optional() })
    .readonly()
    .optional(),
  rdmMemBoundaryMiB: mebibytes.optional(),
  ioPorts: list(z.strictObject({ first: uint32, count: uint32.min(1) }).readonly()).default([]),
  irqs: list(uint32).default([]),
  /** Page frames, as numbers of 4 KiB pages. */
  ioMemory: list(
    z.strictObject({ start: z.int().min(0), pages: z.int().min(0), guestFrame: z.int().min(0).optional() }).readonly(),
  ).default([]),
}
