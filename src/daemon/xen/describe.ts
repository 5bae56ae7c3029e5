import type { Device as ApiDevice } from '../../api/guest.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import { isWholePc, libxlTypeNamed } from '../../modes/domain-type.ts'
import { findDeviceModel } from '../../qemu/device-model.ts'
import { type Emulation, emulationOf, viewDeviceModel } from '../../qemu/emulated.ts'
import { fail } from '../../words/errors.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { type Device, readDevices } from '../../xenstore/devices.ts'
import { domainName, libxlType, vncNode } from '../../xenstore/paths.ts'
import type { DomainDescription } from '../host.ts'
import { hasShim } from './libxl-record.ts'

/** HVM_PARAM_CALLBACK_IRQ (xen/include/public/hvm/params.h): how an HVM kernel that knows Xen takes its events. */
const CALLBACK_IRQ = 0

/** Reads what xenstore, /proc and the hypervisor say beyond the list of domains. Rejects with `not-found` for one that has gone. */
export async function describeDomain(
  xenstore: XenstoreClient,
  xenctrl: Xenctrl,
  domid: Domid,
): Promise<DomainDescription> {
  const info = xenctrl.domain(domid)
  if (info === null) throw fail('not-found', { what: `there is no domain ${domid}` })
  const [name, type, devices, deviceModel, shim, vncAddress] = await Promise.all([
    xenstore.readText(domainName(domid)),
    xenstore.readText(libxlType(domid)),
    readDevices(xenstore, domid),
    findDeviceModel(xenstore, domid),
    info.hvm && hasShim(domid, info.uuid),
    vncAddressOf(xenstore, domid),
  ])
  const builtType = libxlTypeNamed(type)
  // A QEMU that only serves PV backends emulates nothing, so what it has open need not be looked at.
  const view = isWholePc(builtType) ? await viewDeviceModel(domid, deviceModel.pid) : null
  const emulation = (device: Device) => (view === null ? Promise.resolve('none' as const) : emulationOf(device, view))
  return {
    name,
    libxlType: builtType,
    devices: await Promise.all(devices.map(async (device) => toApiDevice(device, await emulation(device)))),
    claims: claimsOf(devices),
    callbackVector: info.hvm && (xenctrl.hvmParam(domid, CALLBACK_IRQ) ?? 0n) !== 0n,
    deviceModelPid: deviceModel.pid,
    lostDeviceModelPid: deviceModel.lost,
    shim,
    vncAddress,
  }
}

/** libxl writes the format of what a QEMU serves before its path: `qcow2:/srv/web.img` (libxl_disk.c, device_disk_add). */
const FORMAT = /^[a-z0-9]+:(?=\/)/

const claimsOf = (devices: readonly Device[]): DomainDescription['claims'] => ({
  disks: devices.flatMap((device) => {
    if (device.kind !== 'vbd' || device.backendDomid !== 0) return []
    const target = device.params?.replace(FORMAT, '')
    return target?.startsWith('/') === true ? [{ target, access: device.access }] : []
  }),
  macs: devices.flatMap((device) => (device.kind === 'vif' ? (device.mac?.toLowerCase() ?? []) : [])),
})

/** QEMU gives a Unix socket as an empty host and a path (ui/vnc.c, qmp_query_vnc). */
async function vncAddressOf(xenstore: XenstoreClient, domid: Domid): Promise<string | null> {
  const [host, port] = await Promise.all([
    xenstore.readText(vncNode(domid, 'listen')),
    xenstore.readText(vncNode(domid, 'port')),
  ])
  if (port === null || port === '') return null
  if (port.startsWith('/')) return `unix:${port}`
  return host?.includes(':') === true ? `[${host}]:${port}` : `${host ?? ''}:${port}`
}

function toApiDevice(device: Device, emulation: Emulation): ApiDevice {
  const common = { backend: device.backendKind, connected: device.state === 'connected', emulation }
  if (device.kind === 'vbd') {
    return { ...common, kind: 'disk', name: device.vdev ?? `disk${device.devid}`, target: device.params }
  }
  if (device.kind === 'vif') return { ...common, kind: 'nic', name: `vif${device.devid}`, target: device.bridge }
  const kind = device.frontendKind === 'console' ? 'console' : 'other'
  return { ...common, kind, name: `${device.frontendKind}${device.devid}`, target: null }
}
