/** Keys for hardware of the host that is given to a guest, and for devices that other domains offer. */
import { parsePci, writePci } from '../specs/pci.ts'
import { parseIoMemory, parseIoPorts, parseIrq, writeIoMemory, writeIoPorts } from '../specs/ranges.ts'
import { parseChannel, parseP9, parseVtpm, writeChannel, writeP9, writeVtpm } from '../specs/shared.ts'
import { parseUsbController, parseUsbDevice, writeUsbController, writeUsbDevice } from '../specs/usb.ts'
import { choice, flag, number, specs } from './codecs.ts'
import { rdm } from './special-codecs.ts'
import { emulatedModes, key, passthroughModes, type KeyRow } from './row.ts'

const passthrough = { modes: passthroughModes } as const
const passthroughShould = { modes: passthroughModes, support: 'should' } as const
const should = { support: 'should' } as const

export const hardwareKeys: readonly KeyRow[] = [
  key('pci', specs('PCI', 'pci', parsePci, writePci), 'pci', 'PCI devices of the host; xl-pci-configuration(5).', {
    libxl: 'pcidevs',
    ...passthrough,
  }),
  key(
    'pci_permissive',
    flag,
    '@pciPermissive',
    'Lets guests write all of the configuration space of their PCI devices.',
    passthroughShould,
  ),
  key('pci_msitranslate', flag, '@pciMsiTranslate', 'Turns INTx of PCI devices into MSI.', passthroughShould),
  key('pci_seize', flag, '@pciSeize', 'Takes PCI devices away from the drivers of dom0.', passthroughShould),
  key(
    'pci_power_mgmt',
    flag,
    '@pciPowerManagement',
    'Lets guests change the power states of PCI devices.',
    passthroughShould,
  ),
  key(
    'passthrough',
    choice(['default', 'disabled', 'enabled', 'sync_pt', 'share_pt']),
    'passthrough',
    'Whether the IOMMU is set up for the guest, which hotplug of PCI devices needs.',
    {
      libxl: 'c_info.passthrough',
      ...passthroughShould,
    },
  ),
  key('rdm', rdm, 'rdm', 'What happens with memory that PCI devices reserve: "strategy=host,policy=strict".', {
    libxl: 'b_info.type.hvm.rdm',
    modes: emulatedModes,
    ...should,
  }),
  key('rdm_mem_boundary', number, 'rdmMemBoundaryMiB', 'Where such memory may begin at the lowest, in MiB.', {
    libxl: 'b_info.type.hvm.rdm_mem_boundary_memkb',
    modes: emulatedModes,
    ...should,
  }),
  key(
    'ioports',
    specs('PORTS', 'ioPorts', parseIoPorts, writeIoPorts),
    'ioPorts',
    'I/O ports, hexadecimal, such as "3f8-3ff".',
    {
      libxl: 'b_info.ioports',
      ...passthroughShould,
    },
  ),
  key(
    'irqs',
    specs('IRQ', 'irqs', parseIrq, (irq) => irq),
    'irqs',
    'Interrupts of the host.',
    {
      libxl: 'b_info.irqs',
      ...passthroughShould,
    },
  ),
  key(
    'iomem',
    specs('FRAMES', 'ioMemory', parseIoMemory, writeIoMemory),
    'ioMemory',
    'Memory frames of the host, hexadecimal: "START,COUNT[@GUEST]".',
    {
      libxl: 'b_info.iomem',
      ...passthroughShould,
    },
  ),
  key(
    'usbctrl',
    specs('USBCTRL', 'usbControllers', parseUsbController, writeUsbController),
    'usbControllers',
    'USB controllers: "type=…,version=…,ports=…".',
    {
      libxl: 'usbctrls',
      ...should,
    },
  ),
  key(
    'usbdev',
    specs('USBDEV', 'usbDevices', parseUsbDevice, writeUsbDevice),
    'usbDevices',
    'USB devices of the host: "hostbus=…,hostaddr=…".',
    {
      libxl: 'usbdevs',
      ...should,
    },
  ),
  key(
    'channel',
    specs('CHANNEL', 'channels', parseChannel, writeChannel),
    'channels',
    'Channels to dom0: "name=…,connection=pty" or "connection=socket,path=…".',
    {
      libxl: 'channels',
      ...should,
    },
  ),
  key('p9', specs('P9', 'p9', parseP9, writeP9), 'p9', 'Shared directories: "tag=…,path=…,security_model=none".', {
    libxl: 'p9s',
    ...should,
  }),
  key('vtpm', specs('VTPM', 'vtpms', parseVtpm, writeVtpm), 'vtpms', 'Virtual TPMs: "backend=…,uuid=…".', {
    libxl: 'vtpms',
    ...should,
  }),
]
