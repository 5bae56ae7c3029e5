/** Keys for what a guest boots. */
import { parseSmbios, writeSmbios } from '../specs/smbios.ts'
import { anyText, choice, flag, specs, text } from './codecs.ts'
import { bootloaderArguments } from './special-codecs.ts'
import { emulatedModes, everyMode, kernelModes, key, shimModes, type KeyRow } from './row.ts'

const should = { support: 'should' } as const

export const bootKeys: readonly KeyRow[] = [
  key('kernel', text, 'kernel', 'Kernel to boot, a file of the host.', { libxl: 'b_info.kernel' }),
  key('ramdisk', text, 'ramdisk', 'Initial ramdisk for the kernel, a file of the host.', { libxl: 'b_info.ramdisk' }),
  key('cmdline', anyText, '@cmdline', 'Command line of the kernel.', { libxl: 'b_info.cmdline' }),
  key('root', anyText, '@root', 'Puts root=… on the command line of the kernel, where cmdline is not given.', {
    libxl: 'b_info.cmdline',
    instead: 'write cmdline',
  }),
  key('extra', anyText, '@extra', 'Added to the command line of the kernel, where cmdline is not given.', {
    libxl: 'b_info.cmdline',
    instead: 'write cmdline',
  }),
  key(
    'bootloader',
    text,
    'bootloader',
    'Program that finds the kernel on the guest\'s disk; "pygrub" is tetrarch\'s own.',
    {
      libxl: 'b_info.bootloader',
      modes: kernelModes,
    },
  ),
  key('bootloader_args', bootloaderArguments, 'bootloaderArgs', 'Arguments for the boot loader.', {
    libxl: 'b_info.bootloader_args',
    modes: kernelModes,
  }),
  key(
    'bootloader_restrict',
    flag,
    'bootloaderRestrict',
    'Runs the boot loader without rights; our own always runs so.',
    {
      modes: kernelModes,
      ...should,
    },
  ),
  key('bootloader_user', text, 'bootloaderUser', 'User that a boot loader without rights runs as.', {
    modes: kernelModes,
    ...should,
  }),
  key(
    'firmware',
    text,
    '@firmware',
    '"bios", "uefi", "seabios", "rombios", "ovmf" or a path; without a device model "pvgrub32" or "pvgrub64".',
    {
      libxl: 'b_info.type.hvm.bios',
      modes: everyMode,
    },
  ),
  key('bios', choice(['rombios', 'seabios', 'ovmf']), '@bios', 'Firmware of the emulated machine.', {
    libxl: 'b_info.type.hvm.bios',
    modes: emulatedModes,
  }),
  key('firmware_override', text, '@firmwareOverride', 'A blob in place of hvmloader.', {
    libxl: 'b_info.type.hvm.firmware',
    modes: emulatedModes,
    ...should,
  }),
  key('bios_path_override', text, 'biosPath', 'A blob in place of the firmware that bios names.', {
    libxl: 'b_info.type.hvm.system_firmware',
    modes: emulatedModes,
    ...should,
  }),
  key('boot', text, 'bootOrder', 'Order of boot devices: a floppy, c disk, d CD, n network.', {
    libxl: 'b_info.type.hvm.boot',
    modes: emulatedModes,
  }),
  key('acpi_firmware', text, 'acpiFirmware', 'File with more ACPI tables for the guest.', {
    libxl: 'b_info.type.hvm.acpi_firmware',
    modes: emulatedModes,
    ...should,
  }),
  key('smbios_firmware', text, 'smbiosFirmware', 'File with more SMBIOS structures for the guest.', {
    libxl: 'b_info.type.hvm.smbios_firmware',
    modes: emulatedModes,
    ...should,
  }),
  key(
    'smbios',
    specs('KEY=VALUE', 'smbios', parseSmbios, writeSmbios),
    'smbios',
    'SMBIOS strings of the guest, such as "system_serial_number=42".',
    {
      libxl: 'b_info.type.hvm.smbios',
      modes: emulatedModes,
      ...should,
    },
  ),
  key('pvshim_path', text, 'pvshim.path', 'File of the shim.', {
    libxl: 'b_info.type.pvh.pvshim_path',
    modes: shimModes,
    ...should,
  }),
  key('pvshim_cmdline', anyText, 'pvshim.cmdline', "The shim's command line.", {
    libxl: 'b_info.type.pvh.pvshim_cmdline',
    modes: shimModes,
    ...should,
  }),
  key('pvshim_extra', anyText, 'pvshim.extra', "Added to the shim's command line.", {
    libxl: 'b_info.type.pvh.pvshim_extra',
    modes: shimModes,
    ...should,
  }),
]
