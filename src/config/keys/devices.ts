/** Keys for devices. */
import { parseDisk, writeDisk } from '../specs/disk.ts'
import { parseNic, writeNic } from '../specs/nic.ts'
import { parseVfb, writeVfb } from '../specs/vfb.ts'
import { choice, flag, number, specs, text, textOrTexts } from './codecs.ts'
import { emulatedModes, key, type KeyRow } from './row.ts'

const emulated = { modes: emulatedModes } as const
const emulatedShould = { modes: emulatedModes, support: 'should' } as const

export const deviceKeys: readonly KeyRow[] = [
  key(
    'disk',
    specs('DISK', 'disks', parseDisk, writeDisk),
    'disks',
    'Disks and CD drives; xl-disk-configuration(5). Beside what xl reads, the access w! gives a disk to several guests that write to it, such as those of a cluster file system.',
    {
      libxl: 'disks',
    },
  ),
  key('vif', specs('NIC', 'nics', parseNic, writeNic), 'nics', 'Network interfaces; xl-network-configuration(5).', {
    libxl: 'nics',
  }),
  key(
    'vfb',
    specs('VFB', 'vfbs', parseVfb, writeVfb),
    'vfbs',
    'Paravirtual framebuffers with keyboard; each needs a QEMU process.',
    {
      libxl: 'vfbs',
    },
  ),
  key('serial', textOrTexts, 'serial', 'Serial ports, each where QEMU connects it: pty, null, tcp:….', {
    libxl: 'b_info.type.hvm.serial',
    ...emulated,
  }),
  key('usb', flag, 'usb', 'Emulates a USB bus.', { libxl: 'b_info.type.hvm.usb', ...emulated }),
  key('usbversion', number, 'usbVersion', 'Version of the emulated USB bus: 1, 2 or 3.', {
    libxl: 'b_info.type.hvm.usbversion',
    ...emulatedShould,
  }),
  key('usbdevice', textOrTexts, 'usbPeripherals', 'Emulated USB devices: tablet, mouse, keyboard, host:….', {
    libxl: 'b_info.type.hvm.usbdevice_list',
    ...emulated,
  }),
  key('soundhw', text, 'soundHardware', 'Emulated sound card.', {
    libxl: 'b_info.type.hvm.soundhw',
    ...emulatedShould,
  }),
  key('hdtype', choice(['ide', 'ahci']), 'hdType', 'Bus of the emulated disks.', {
    libxl: 'b_info.type.hvm.hdtype',
    ...emulatedShould,
  }),
  key(
    'vendor_device',
    choice(['none', 'xenserver']),
    'vendorDevice',
    'PCI device by which Windows Update finds drivers.',
    {
      libxl: 'b_info.type.hvm.vendor_device',
      ...emulatedShould,
    },
  ),
]
