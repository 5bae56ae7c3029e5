/**
 * What a device model emulates at this moment, as Linux in dom0 shows it: the images that it has open, and its taps. PV drivers
 * have QEMU take away ("unplug") the emulated devices that they stand in for; then it closes them.
 * Source: Linux arch/x86/xen/platform-pci-unplug.c, QEMU hw/i386/xen/xen_platform.c.
 */
import { access, readdir, readlink } from 'node:fs/promises'
import type { Domid } from '../words/ids.ts'
import type { Device, DiskFacts, NicFacts } from '../xenstore/devices.ts'

/** `none`: it never was; `unknown`: nobody can tell, such as for an image that the same QEMU also serves to a PV driver. */
export type Emulation = 'present' | 'unplugged' | 'none' | 'unknown'

/** What is looked at; null where it cannot be. */
export interface DeviceModelView {
  readonly domid: Domid
  /** Files that the device model has open. */
  readonly openFiles: ReadonlySet<string> | null
  readonly hasInterface: (name: string) => Promise<boolean>
}

export async function viewDeviceModel(domid: Domid, pid: number | null, proc = '/proc'): Promise<DeviceModelView> {
  return {
    domid,
    openFiles: pid === null ? null : await filesOf(pid, proc),
    hasInterface: (name) =>
      access(`/sys/class/net/${name}`).then(
        () => true,
        () => false,
      ),
  }
}

async function filesOf(pid: number, proc: string): Promise<ReadonlySet<string> | null> {
  const folder = `${proc}/${pid}/fd`
  try {
    const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')))
    return new Set(links)
  } catch {
    return null
  }
}

/** The emulation of a device of a guest that has a whole PC. */
export async function emulationOf(device: Device, view: DeviceModelView): Promise<Emulation> {
  if (device.kind === 'vbd') return diskEmulation(device, view)
  return device.kind === 'vif' ? await nicEmulation(device, view) : 'none'
}

/** QEMU gets the first four disks (Xen tools/libs/light/libxl_dm.c, libxl__build_device_model_args_new). */
const EMULATED_DISK = /^(?:xvd|hd|sd)[a-d]$/

function diskEmulation(
  { vdev, params, blockDevice, backendType, cdrom }: DiskFacts,
  { openFiles }: DeviceModelView,
): Emulation {
  if (vdev === null || !EMULATED_DISK.test(vdev)) return 'none'
  // Drives are never unplugged: PV drivers leave them alone.
  if (cdrom) return 'present'
  if (openFiles === null || params === null || backendType !== 'phy') return 'unknown'
  // QEMU is given what the hotplug script found, if there is one (libxl_dm.c, libxl__device_disk_find_local_path).
  return openFiles.has(params) || (blockDevice !== null && openFiles.has(blockDevice)) ? 'present' : 'unplugged'
}

async function nicEmulation({ devid, type, vifName }: NicFacts, view: DeviceModelView): Promise<Emulation> {
  if (type === 'vif') return 'none'
  // libxl_nic.c, libxl__device_nic_devname; TAP_DEVICE_SUFFIX
  const tap = `${vifName ?? `vif${view.domid}.${devid}`}-emu`
  return (await view.hasInterface(tap)) ? 'present' : 'unplugged'
}
