import type { Device as ApiDevice } from '../../api/guest.ts'
import type { Xenctrl } from '../../libxl/xenctrl.ts'
import type { LibxlType } from '../../modes/mode.ts'
import { deviceModelPidOf } from '../../qemu/device-model.ts'
import { fail } from '../../words/errors.ts'
import type { Domid } from '../../words/ids.ts'
import type { XenstoreClient } from '../../xenstore/client.ts'
import { type Device, readDevices } from '../../xenstore/devices.ts'
import { domainName, libxlType } from '../../xenstore/paths.ts'
import type { DomainDescription } from '../host.ts'

/** HVM_PARAM_CALLBACK_IRQ (xen/include/public/hvm/params.h): how an HVM kernel that knows Xen takes its events. */
const CALLBACK_IRQ = 0

const libxlTypes: Readonly<Record<string, LibxlType>> = { pv: 'pv', pvh: 'pvh', hvm: 'hvm' }

/** Reads what xenstore, /proc and the hypervisor say beyond the list of domains. Rejects with `not-found` for one that has gone. */
export async function describeDomain(
  xenstore: XenstoreClient,
  xenctrl: Xenctrl,
  domid: Domid,
): Promise<DomainDescription> {
  const info = xenctrl.domain(domid)
  if (info === null) throw fail('not-found', { what: `there is no domain ${domid}` })
  const [name, type, devices, deviceModelPid] = await Promise.all([
    xenstore.readText(domainName(domid)),
    xenstore.readText(libxlType(domid)),
    readDevices(xenstore, domid),
    deviceModelPidOf(xenstore, domid),
  ])
  return {
    name,
    libxlType: libxlTypes[type ?? ''] ?? null,
    devices: devices.map(toApiDevice),
    callbackVector: info.hvm && (xenctrl.hvmParam(domid, CALLBACK_IRQ) ?? 0n) !== 0n,
    deviceModelPid,
  }
}

function toApiDevice(device: Device): ApiDevice {
  const common = { backend: device.backendKind, connected: device.state === 'connected' }
  if (device.kind === 'vbd') {
    return { ...common, kind: 'disk', name: device.vdev ?? `disk${device.devid}`, target: device.params }
  }
  if (device.kind === 'vif') return { ...common, kind: 'nic', name: `vif${device.devid}`, target: device.bridge }
  const kind = device.frontendKind === 'console' ? 'console' : 'other'
  return { ...common, kind, name: `${device.frontendKind}${device.devid}`, target: null }
}
