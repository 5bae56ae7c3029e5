import type { DiskSpec, NicSpec, PciSpec } from '../../config/device-spec.ts'
import type { Mode } from '../../modes/mode.ts'
import type { JsonObject } from '../requests.ts'
import { defbool, withoutUndefined } from './json.ts'

/** What of a package is given to libxl as the script of a disk that several guests write: it knows no such access (libxlu_disk_l.l). */
export const CONNECT_SHARED = '/usr/lib/tetrarch/connect-shared-device'

/** libxl_device_disk. */
export const diskConfigs = (disks: readonly DiskSpec[]): readonly JsonObject[] =>
  disks.map((disk) =>
    withoutUndefined({
      pdev_path: disk.target ?? undefined,
      vdev: disk.vdev,
      format: disk.target === null ? 'empty' : disk.format,
      backend: disk.backendType,
      backend_domname: disk.backend,
      script: disk.shared === true ? CONNECT_SHARED : disk.script,
      removable: disk.cdrom ? 1 : undefined,
      readwrite: disk.access === 'read-write' && !disk.cdrom ? 1 : undefined,
      is_cdrom: disk.cdrom ? 1 : undefined,
      direct_io_safe: disk.directIoSafe || undefined,
      discard_enable: defbool(disk.discard),
      trusted: defbool(disk.trusted),
    }),
  )

/** libxl_device_nic. A guest without emulated hardware gets PV interfaces only, as xl does it. */
export const nicConfigs = (nics: readonly NicSpec[], mode: Mode): readonly JsonObject[] =>
  nics.map((nic, index) =>
    withoutUndefined({
      devid: nic.devid ?? index,
      mac: nic.mac,
      bridge: nic.bridge,
      ifname: nic.vifName,
      script: nic.script,
      ip: nic.ip,
      gatewaydev: nic.gatewayDevice,
      backend_domname: nic.backend,
      model: nic.model,
      mtu: nic.mtu,
      nictype: nic.type === 'ioemu' ? 'vif_ioemu' : (nic.type ?? (mode.deviceModel === 'always' ? undefined : 'vif')),
      rate_bytes_per_interval: nic.rate?.bytesPerInterval,
      rate_interval_usecs: nic.rate?.intervalMicroseconds,
      trusted: defbool(nic.trusted),
    }),
  )

/** libxl_device_pci; xl-pci-configuration(5) DDDD:BB:DD.F, with * for all functions, or a name. */
export const pciConfigs = (devices: readonly PciSpec[]): readonly JsonObject[] =>
  devices.map((device) =>
    withoutUndefined({
      ...(device.bdf !== undefined && pciAddress(device.bdf)),
      name: device.name,
      vdevfn: device.virtualSlot === undefined ? undefined : device.virtualSlot << 3,
      msitranslate: device.msiTranslate || undefined,
      power_mgmt: device.powerManagement || undefined,
      permissive: device.permissive || undefined,
      seize: device.seize || undefined,
      rdm_policy: device.rdmPolicy,
    }),
  )

/** LIBXL_PCI_FUNC_ALL of libxl.h. */
const ALL_FUNCTIONS = 0xffffffff

function pciAddress(bdf: string): JsonObject {
  const [domain = '', bus = '', slotAndFunction = ''] = bdf.split(':')
  const [slot = '', func = ''] = slotAndFunction.split('.')
  const all = func === '*'
  return {
    domain: parseInt(domain, 16),
    bus: parseInt(bus, 16),
    dev: parseInt(slot, 16),
    func: all ? 0 : Number(func),
    vfunc_mask: all ? ALL_FUNCTIONS : 1,
  }
}
