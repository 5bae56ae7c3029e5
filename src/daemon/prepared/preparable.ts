import type { GuestSpec } from '../../config/guest-spec.ts'
import { bootWay } from '../../modes/boot-way.ts'
import { deviceModelReason } from '../../modes/device-model.ts'
import type { Mode } from '../../modes/mode.ts'

/** The guest without what each of those that are made after it has for itself. */
export const withoutOwnDevices = (spec: GuestSpec): GuestSpec => ({ ...spec, disks: [], nics: [] })

/** Why domains of this guest cannot be built ahead of their start, and what helps; null when they can. */
export function whyNotPrepared(spec: GuestSpec, mode: Mode): { readonly why: string; readonly fix: string } | null {
  if (bootWay(spec) === 'boot-loader')
    return { why: 'its kernel is on its own disk, which each guest has for itself', fix: 'give kernel= and ramdisk=' }
  const reason = deviceModelReason(withoutOwnDevices(spec), mode)
  if (reason !== null) return { why: `${reason}, and that must know its devices from the start`, fix: 'use PV or PVH' }
  const devices = { pci: spec.pci, usbdev: spec.usbDevices, vtpm: spec.vtpms, usbctrl: spec.usbControllers }
  const taken = Object.entries(devices).find(([, list]) => list.length > 0)
  if (taken === undefined) return null
  return { why: `${taken[0]} gives it a device that only one guest can have`, fix: `remove ${taken[0]}` }
}
