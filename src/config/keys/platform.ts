/** Keys for the virtual hardware that is no device. */
import { flag, number, numberedChoice, choice } from './codecs.ts'
import { emulatedModes, hardwareModes, key, type KeyRow } from './row.ts'
import { cpuid, viridian } from './special-codecs.ts'

const emulated = { modes: emulatedModes } as const
const hardware = { modes: hardwareModes } as const
const should = { ...emulated, support: 'should' } as const
const hvm = 'b_info.type.hvm'

export const platformKeys: readonly KeyRow[] = [
  key('acpi', flag, 'acpi', 'Gives the guest ACPI tables.', { libxl: 'b_info.acpi', ...hardware }),
  key('acpi_s3', flag, 'acpiS3', 'Offers suspend to memory.', { libxl: `${hvm}.acpi_s3`, ...should }),
  key('acpi_s4', flag, 'acpiS4', 'Offers suspend to disk.', { libxl: `${hvm}.acpi_s4`, ...should }),
  key('acpi_laptop_slate', flag, 'acpiLaptopSlate', 'Offers the laptop and slate switch.', {
    libxl: `${hvm}.acpi_laptop_slate`,
    ...should,
  }),
  key('apic', flag, 'apic', 'Gives the guest an APIC.', { libxl: 'b_info.apic', ...emulated }),
  key('pae', flag, 'pae', 'Offers physical address extension, which 64-bit guests need.', {
    libxl: `${hvm}.pae`,
    ...emulated,
  }),
  key('nx', flag, 'nx', 'Offers the no-execute bit.', { libxl: `${hvm}.nx`, ...emulated }),
  key('hap', flag, 'hap', 'Uses nested page tables of the processor; 0 is shadow paging.', {
    libxl: 'c_info.hap',
    ...hardware,
  }),
  key('oos', flag, '@oos', 'Was for out-of-sync shadow page tables; xl 4.17 reads it and Xen does not use it.', {
    support: 'ignored',
  }),
  key('hpet', flag, 'hpet', 'Emulates a high precision event timer.', { libxl: `${hvm}.hpet`, ...emulated }),
  key('vpt_align', flag, 'vptAlign', 'Aligns periodic timers to save interrupts.', {
    libxl: `${hvm}.vpt_align`,
    ...should,
  }),
  key('nestedhvm', flag, 'nestedHvm', 'Lets the guest run a hypervisor itself.', {
    libxl: 'b_info.nested_hvm',
    ...hardware,
  }),
  key('viridian', viridian, 'viridian', "Offers Hyper-V's interfaces to Windows guests.", {
    libxl: `${hvm}.viridian`,
    ...emulated,
  }),
  key('cpuid', cpuid, 'cpuid', "Changes what the CPUID instruction tells, in xend's or libxl's syntax.", {
    libxl: 'b_info.cpuid',
  }),
  key('localtime', flag, 'localtime', "Sets the guest's clock to local time.", { libxl: 'b_info.localtime' }),
  key('rtc_timeoffset', number, 'rtcTimeOffsetSeconds', "Seconds that the guest's clock is off the host's.", {
    libxl: 'b_info.rtc_timeoffset',
  }),
  key(
    'tsc_mode',
    numberedChoice(['default', 'always_emulate', 'native', 'native_paravirt']),
    'tscMode',
    'How the guest reads the time stamp counter.',
    {
      libxl: 'b_info.tsc_mode',
    },
  ),
  key(
    'timer_mode',
    numberedChoice([
      'delay_for_missed_ticks',
      'no_delay_for_missed_ticks',
      'no_missed_ticks_pending',
      'one_missed_tick_pending',
    ]),
    'timerMode',
    'What happens with timer ticks that were missed.',
    { libxl: 'b_info.timer_mode', ...hardware },
  ),
  key(
    'ms_vm_genid',
    choice(['generate', 'none']),
    'generationId',
    'Gives the guest a new generation ID at each start.',
    {
      libxl: `${hvm}.ms_vm_genid`,
      ...should,
    },
  ),
  key('mmio_hole', number, 'mmioHoleMiB', 'Room below 4 GiB for memory-mapped devices, in MiB.', {
    libxl: `${hvm}.mmio_hole_memkb`,
    ...should,
  }),
]
