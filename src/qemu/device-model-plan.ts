/**
 * Which guests get a QEMU, and why, before anything is built. What is really running is read back elsewhere.
 * Source for PV and PVH: libxl__need_xenpv_qemu (tools/libs/light/libxl_dm.c).
 */
import type { GuestSpec } from '../config/guest-spec.ts'
import type { Mode } from '../modes/mode.ts'

const needs: readonly ((spec: GuestSpec) => string | null)[] = [
  ({ vfbs }) => (vfbs.length > 0 ? 'QEMU serves its framebuffer (vfb)' : null),
  ({ p9 }) => (p9.length > 0 ? 'QEMU serves its 9pfs shares (p9)' : null),
  ({ disks }) => {
    const disk = disks.find(
      ({ target, format, backendType }) =>
        target !== null && (backendType === 'qdisk' || (!backendType && format !== 'raw')),
    )
    return disk === undefined ? null : `QEMU serves its disk ${disk.vdev} (${disk.backendType ?? disk.format})`
  },
  ({ usbControllers }) =>
    usbControllers.some(({ type }) => type === 'qusb') ? 'QEMU serves its USB controller (qusb)' : null,
  ({ channels }) => (channels.length > 0 ? 'QEMU serves its channels' : null),
]

/** Why this guest will have a device model, in a sentence; null when it needs none. */
export function deviceModelReason(spec: GuestSpec, mode: Mode): string | null {
  if (mode.deviceModel === 'always') return `QEMU emulates the hardware of every ${mode.title} guest`
  return needs.map((need) => need(spec)).find((reason) => reason !== null) ?? null
}
